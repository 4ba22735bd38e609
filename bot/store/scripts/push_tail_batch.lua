-- Stores new lines that are about to be posted, so that every attempt posts the same ones. ARGV: live log, token,
-- channel, batch, delay in microseconds until the next look. Returns 1 or 0.
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
