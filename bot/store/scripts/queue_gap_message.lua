-- Queues a channel's message about a gap, or its edit. ARGV: channel, token, number, body, team, kind of message, then for
-- each incident that withheld something because of the gap: slug, expected revision, incident. Kinds: 'lasting' says that
-- runs can't be seen; 'account' says what happened, and has posts in its thread; 'unwatched' says that the channel's
-- watches are paused or stopped, and only changes a message that may have been posted. Returns 'ok', or does nothing
-- and returns 'again' if anything has changed since it was loaded.
local channel, number, due = ARGV[3], ARGV[5], key('due', 'gaps')
if not owns(due, channel .. ':' .. number, ARGV[4]) then return 'again' end
if not replace_withholding(channel, 9) then return 'again' end
if redis.call('EXISTS', key('incident', 'withheld', channel)) == 0 then
  -- Nothing is left for the message at the end of quiet hours.
  redis.call('ZREM', key('due', 'quiet'), channel)
elseif ARGV[8] == 'account' then
  -- The account doesn't cover posts withheld since the incidents were loaded; they may have waited for it.
  redis.call('ZADD', key('due', 'quiet'), 'LT', num(now()), channel)
end
local hash, item = key('gap', 'in', channel, number), channel .. '/' .. number
redis.call('HSET', hash, 'body', ARGV[6], 'team', ARGV[7])
redis.call('HINCRBY', hash, 'rev', 1)
redis.call('EXPIRE', hash, RETENTION_S)
local ts = redis.call('HGET', hash, 'ts')
if ts then
  dirty(ARGV[7] .. ':' .. channel .. ':' .. ts, 'incident')
elseif ARGV[8] == 'unwatched' and not redis.call('HGET', hash, 'post-0') then
  redis.call('ZREM', key('posts', 'opening', channel), 'gap/0/' .. item)
else
  push('posts', 'opening', channel, 'gap/0/' .. item, now())
end
if ARGV[8] == 'account' then
  push('posts', 'line', channel, 'gap/1/' .. item, now())
  push('posts', 'file', channel, 'gap/2/' .. item, now())
end
redis.call('ZREM', due, channel .. ':' .. number)
if ARGV[8] == 'unwatched' then list_withheld_without_account(channel, number) end
return 'ok'
