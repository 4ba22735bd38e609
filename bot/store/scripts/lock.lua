-- Takes or gives back a schedule's sending lock. ARGV: lock, holder, time in ms (0 gives it back). Gives 1 where it is ours.
local lock = key('sending', ARGV[3])
local holder = redis.call('GET', lock)
if holder and holder ~= ARGV[4] then return 0 end
if ARGV[5] == '0' then redis.call('DEL', lock) else redis.call('SET', lock, ARGV[4], 'PX', ARGV[5]) end
return 1
