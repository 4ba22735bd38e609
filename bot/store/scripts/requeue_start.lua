-- Puts a start back in its place in the queue: another start was faster, and its run has to end first. ARGV: id, token,
-- delay in microseconds, run member or '', and that run's facts, seen, state, digest, usual_s, began_s. Returns 'ok' or
-- 'lost'
local id, set = ARGV[3], key('due', 'requests')
local hash = key('req', id)
if not owns(set, id, ARGV[4]) or redis.call('HGET', hash, 'state') ~= 'sending' then return 'lost' end
redis.call('HSET', hash, 'state', 'queued')
redis.call('HINCRBY', hash, 'rounds', 1)
redis.call('HINCRBY', hash, 'rev', 1)
if ARGV[6] ~= '' then create_run(ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11], ARGV[12]) end
wait_for(id, ARGV[6])
redis.call('ZREM', set, id)
redis.call('ZADD', key('due', 'queue'), num(now() + tonumber(ARGV[5])), id)
list_queued(id)
local card = redis.call('HGET', hash, 'card')
if card then dirty(card, 'state') end
touch_incident_of(id)
return 'ok'
