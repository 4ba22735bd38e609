-- Refuses a request to follow a run; the person is notified next. ARGV: follow request, class, channel, item, token,
-- run member, why. Returns 1 or 0.
local id, items = ARGV[3], key('posts', ARGV[4], ARGV[5])
if not owns(items, ARGV[6], ARGV[7]) then return 0 end
redis.call('ZREM', items, ARGV[6])
local follow_request = key('watch', ARGV[5], ARGV[8])
if redis.call('HGET', follow_request, 'state') ~= 'looked' then return 0 end
redis.call('HSET', follow_request, 'state', 'refused', 'why', ARGV[9])
redis.call('ZADD', key('due', 'watches'), num(now()), id)
return 1
