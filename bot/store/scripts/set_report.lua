-- Sets when a channel's digest is posted. ARGV: channel, body ('' for none), when it's due in us. Returns 1 if one was
-- set before, else 0.
local reports, due = key('report'), key('due', 'reports')
local before = redis.call('HEXISTS', reports, ARGV[3])
if ARGV[4] == '' then
  redis.call('HDEL', reports, ARGV[3])
  redis.call('ZREM', due, ARGV[3])
else
  redis.call('HSET', reports, ARGV[3], ARGV[4])
  redis.call('ZADD', due, ARGV[5], ARGV[3])
end
return before
