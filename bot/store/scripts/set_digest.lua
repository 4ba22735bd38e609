-- Sets when a channel's digest is posted. ARGV: channel, body ('' for none), when it's due in microseconds. Returns 1
-- if one was set before, else 0.
local digests, due = key('report'), key('due', 'reports')
local before = redis.call('HEXISTS', digests, ARGV[3])
if ARGV[4] == '' then
  redis.call('HDEL', digests, ARGV[3])
  redis.call('ZREM', due, ARGV[3])
else
  redis.call('HSET', digests, ARGV[3], ARGV[4])
  redis.call('ZADD', due, ARGV[5], ARGV[3])
end
return before
