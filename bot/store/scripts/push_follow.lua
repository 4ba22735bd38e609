-- New lines are about to be posted: they are kept until they are, so that they are the same ones however often that is
-- tried. ARGV: following, token, channel, batch, delay in us until somebody looks again. Gives 1 or 0.
local id, due, record = ARGV[3], key('due', 'follows'), key('follow', ARGV[3])
if not owns(due, id, ARGV[4]) then return 0 end
if redis.call('EXISTS', record) == 0 then
  redis.call('ZREM', due, id)
  return 0
end
redis.call('HSET', record, 'pending', ARGV[6])
redis.call('HDEL', record, 'post')
redis.call('ZADD', due, num(now() + tonumber(ARGV[7])), id)
push('posts', 'follow', ARGV[5], 'follow/' .. id, now())
return 1
