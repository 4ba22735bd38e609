-- Makes the members that are still ours due again after a delay. ARGV: set, token, delay in microseconds, members...
local set = key('due', ARGV[3])
local due = num(now() + tonumber(ARGV[5]))
local given = 0
for at = 6, #ARGV do
  if owns(set, ARGV[at], ARGV[4]) then
    redis.call('ZADD', set, due, ARGV[at])
    given = given + 1
  end
end
return given
