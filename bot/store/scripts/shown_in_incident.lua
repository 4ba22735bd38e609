-- Checks whether the message of an incident shows a start that waits for that: then it's sent. ARGV: id, class, channel,
-- item, token. Returns 'shown', 'waits', or 'no' if it never will: then the start needs a card of its own. A start that
-- moved on is 'shown'.
local id, channel, item = ARGV[3], ARGV[5], ARGV[6]
local hash, items = key('req', id), key('posts', ARGV[4], channel)
local function leave_lane()
  redis.call('ZREM', items, item)
  waits_no_more(id, channel)
end
if not owns(items, item, ARGV[7]) then return 'waits' end
local start = redis.call('HMGET', hash, 'state', 'incident', 'shown_from')
if start[1] ~= 'looked' then
  leave_lane()
  return 'shown'
end
local known = redis.call('HMGET', key('incident', start[2] or ''), 'request', 'ts', 'team')
local card = key('card', (known[3] or '') .. ':' .. channel .. ':' .. (known[2] or ''))
local message = redis.call('HMGET', card, 'shown', 'unshowable')
-- Its message was deleted, and another one will be posted.
local posted_again = redis.call('ZSCORE', key('posts', 'opening', channel), 'incident/0/' .. string.gsub(start[2] or '', ':', '/', 1))
if known[1] ~= id or message[2] or (not known[2] and not posted_again) then
  redis.call('HDEL', hash, 'incident')
  return 'no'
end
if tonumber(string.match(message[1] or '', '^inc:(%d+)$') or '0') < tonumber(start[3]) then return 'waits' end
redis.call('HSET', hash, 'state', 'carded')
leave_lane()
redis.call('ZADD', key('due', 'requests'), num(now()), id)
return 'shown'
