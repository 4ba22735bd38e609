-- Renews the leases that are still ours. ARGV: set, token, lease in microseconds, members... Returns the new token.
local set, token = key('due', ARGV[3]), ARGV[4]
local fresh = num(now() + tonumber(ARGV[5]))
for at = 6, #ARGV do
  if owns(set, ARGV[at], token) then redis.call('ZADD', set, fresh, ARGV[at]) end
end
return fresh
