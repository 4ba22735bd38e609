-- Records that Bolt is about to be asked to cancel a run. ARGV: run member, token, most tries, pause in us.
-- Gives the number of this try, 0 where the claim or the wish is gone, -1 where there were enough.
local member, set = ARGV[3], key('due', 'cancels')
local run = key('run', member)
if not owns(set, member, ARGV[4]) or redis.call('HEXISTS', run, 'wish') == 0 then return 0 end
local try = tonumber(redis.call('HGET', run, 'tries') or '0') + 1
if try > tonumber(ARGV[5]) then return -1 end
redis.call('HSET', run, 'tries', try)
return try
