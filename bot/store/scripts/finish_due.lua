-- Removes claimed members from a due set, because nothing is left to do for them. ARGV: set, token, members...
local set = key('due', ARGV[3])
for at = 5, #ARGV do
  if owns(set, ARGV[at], ARGV[4]) then redis.call('ZREM', set, ARGV[at]) end
end
return 1
