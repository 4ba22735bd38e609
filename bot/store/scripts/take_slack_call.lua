-- Counts a call of a Slack method, whose calls are limited within a sliding window. ARGV: method, limit, window in
-- microseconds. Returns '0' if the call may be made now (then it's counted), else the microseconds to wait.
-- The limits are in `bot.slack.call_limits`.
local at, calls = now(), key('calls', ARGV[3])
local held = tonumber(redis.call('GET', key('hold', ARGV[3])) or '0')
if held > at then return num(held - at) end
local most, window = tonumber(ARGV[4]), tonumber(ARGV[5])
redis.call('ZREMRANGEBYSCORE', calls, '-inf', num(at - window))
local made = redis.call('ZCARD', calls)
if made >= most then
  local oldest = redis.call('ZRANGE', calls, made - most, made - most, 'WITHSCORES')
  return num(math.max(1, tonumber(oldest[2]) + window - at))
end
local member = at
while redis.call('ZADD', calls, 'NX', num(at), num(member)) == 0 do member = member + 1 end
redis.call('PEXPIRE', calls, num(window / 1000))
return '0'
