-- Counts the connections to Slack that all processes of this deployment hold. ARGV: process, how many it holds, how
-- long that count is valid (in microseconds).
local set, at = key('sockets'), now()
redis.call('ZREMRANGEBYSCORE', set, '-inf', num(at))
for number = 1, 10 do
  local member = ARGV[3] .. ':' .. number
  if number <= tonumber(ARGV[4]) then
    redis.call('ZADD', set, num(at + tonumber(ARGV[5])), member)
  else
    redis.call('ZREM', set, member)
  end
end
redis.call('EXPIRE', set, 3600)
return redis.call('ZCARD', set)
