-- Finishes a request to follow a run. ARGV: watch, token, channel, run member. Returns 1 or 0.
local id, set, watch = ARGV[3], key('due', 'watches'), key('watch', ARGV[5], ARGV[6])
if not owns(set, id, ARGV[4]) then return 0 end
redis.call('ZREM', set, id)
if redis.call('EXISTS', watch) == 1 then redis.call('HSET', watch, 'state', 'done') end
redis.call('EXPIRE', watch, '3600')
return 1
