-- Ends the quiet hours of a channel: queues the message that lists the withheld posts, and clears their marks. ARGV:
-- channel, token, name of the end, its body ('' if there's nothing to post), how many incidents still withhold
-- something, when their quiet hours end in microseconds or '', then for each incident whose quiet hours are over: slug,
-- expected revision, incident. Returns 'ok', or does nothing and returns 'again' if anything has changed since it was
-- loaded.
local channel, name, due = ARGV[3], ARGV[5], key('due', 'quiet')
local withheld = key('incident', 'withheld', channel)
if not owns(due, channel, ARGV[4]) then return 'again' end
if not replace_withholding(channel, 9) then return 'again' end
if ARGV[6] ~= '' then
  redis.call('HSET', key('quiet', channel, name), 'body', ARGV[6])
  redis.call('EXPIRE', key('quiet', channel, name), RETENTION_S)
  push('posts', 'line', channel, 'quiet/' .. name .. '/' .. channel, now())
end
local left = 0
for _, slug in ipairs(redis.call('SMEMBERS', withheld)) do
  if redis.call('EXISTS', key('incident', channel, slug)) == 1 then
    left = left + 1
  else
    redis.call('SREM', withheld, slug)
  end
end
if left == 0 then
  redis.call('ZREM', due, channel)
else
  -- Something was withheld in the meantime, so it's looked at now.
  redis.call('ZADD', due, left == tonumber(ARGV[7]) and ARGV[8] ~= '' and ARGV[8] or num(now()), channel)
end
return 'ok'
