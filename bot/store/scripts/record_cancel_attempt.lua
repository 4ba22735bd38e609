-- Records an attempt to cancel a run, just before Bolt is called. ARGV: run member, token, max tries. Returns the
-- attempt's number, 0 if the claim or the request is gone, or -1 at the limit. The limit is `MOST_TRIES` in
-- `bot.flows.cancel`.
local member, set = ARGV[3], key('due', 'cancels')
local run = key('run', member)
if not owns(set, member, ARGV[4]) or redis.call('HEXISTS', run, 'wish') == 0 then return 0 end
local try = tonumber(redis.call('HGET', run, 'tries') or '0') + 1
if try > tonumber(ARGV[5]) then return -1 end
redis.call('HSET', run, 'tries', try)
return try
