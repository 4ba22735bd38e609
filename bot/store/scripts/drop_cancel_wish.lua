-- Stops trying to cancel a run. Unless the request is kept because it was fulfilled, the card no longer shows it, and
-- offers Cancel again if the run continues. ARGV: run member, token, keep. Returns 1 or 0.
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
