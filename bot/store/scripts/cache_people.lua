-- Caches people. ARGV: hash, for how many seconds, then pairs of a user's id and the entry. An entry begins with the
-- time at which it was requested, in seconds: an entry requested later isn't overwritten.
local hash = key('told', ARGV[3])
local function asked(entry) return tonumber(string.match(entry, '^%d+') or '0') end
for at = 5, #ARGV, 2 do
  local kept = redis.call('HGET', hash, ARGV[at])
  if not kept or asked(kept) <= asked(ARGV[at + 1]) then redis.call('HSET', hash, ARGV[at], ARGV[at + 1]) end
end
redis.call('EXPIRE', hash, ARGV[4])
return 1
