-- Finishes a request to follow a run. ARGV: follow request, token, channel, run member. Returns 1 or 0.
local id, set, follow_request = ARGV[3], key('due', 'watches'), key('watch', ARGV[5], ARGV[6])
if not owns(set, id, ARGV[4]) then return 0 end
redis.call('ZREM', set, id)
if redis.call('EXISTS', follow_request) == 1 then redis.call('HSET', follow_request, 'state', 'done') end
redis.call('EXPIRE', follow_request, '3600')
return 1
