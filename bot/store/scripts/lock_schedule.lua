-- Takes or releases a schedule's sending lock. ARGV: lock, holder, time in ms (0 releases it). Returns 1 if it's ours.
local lock = key('sending', ARGV[3])
local holder = redis.call('GET', lock)
if holder and holder ~= ARGV[4] then return 0 end
if ARGV[5] == '0' then redis.call('DEL', lock) else redis.call('SET', lock, ARGV[4], 'PX', ARGV[5]) end
return 1
