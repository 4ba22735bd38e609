-- Moves leases that are still ours ahead. ARGV: set, token, lease in us, members... Gives the new token.
local set, token = key('due', ARGV[3]), ARGV[4]
local fresh = num(now() + tonumber(ARGV[5]))
for at = 6, #ARGV do
  if owns(set, ARGV[at], token) then redis.call('ZADD', set, fresh, ARGV[at]) end
end
return fresh
