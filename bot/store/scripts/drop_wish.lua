-- Nothing is left to ask of Bolt for a wish to cancel. Unless it is kept (it came true), the card forgets it and offers
-- Cancel again where the run goes on. ARGV: run member, token, keep. Gives 1 or 0.
local member, set = ARGV[3], key('due', 'cancels')
local run = key('run', member)
if not owns(set, member, ARGV[4]) then return 0 end
redis.call('ZREM', set, member)
if ARGV[5] == '1' then return 1 end
redis.call('HDEL', run, 'wish', 'tries')
if redis.call('HGET', run, 'concluded') == '1' then return 1 end
redis.call('HINCRBY', run, 'rev', 1)
dirty_all(member, 'state')
return 1
