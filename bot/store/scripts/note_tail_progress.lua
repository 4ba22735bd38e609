-- Records how far a log has been read if there's nothing to post, and when to look again. ARGV: live log, token,
-- command, cursor, how often Bolt didn't know the command, delay in microseconds. Returns 1 or 0.
local id, due, record = ARGV[3], key('due', 'follows'), key('follow', ARGV[3])
if not owns(due, id, ARGV[4]) then return 0 end
if redis.call('EXISTS', record) == 0 then
  redis.call('ZREM', due, id)
  return 0
end
redis.call('HSET', record, 'command', ARGV[5], 'cursor', ARGV[6], 'refused', ARGV[7])
redis.call('ZADD', due, num(now() + tonumber(ARGV[8])), id)
return 1
