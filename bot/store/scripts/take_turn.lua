-- Takes a start out of the queue for its turn: from here on, it's like any start that was just requested and has a
-- card. ARGV: id, token, plan. Returns 'ok', or 'lost' if the claim is lost or the start no longer waits
local id, set = ARGV[3], key('due', 'queue')
local hash, at = key('req', id), num(now())
if not owns(set, id, ARGV[4]) or redis.call('HGET', hash, 'state') ~= 'queued' then return 'lost' end
redis.call('HSET', hash, 'state', 'carded', 'asked_us', at, 'look', ARGV[5])
redis.call('HINCRBY', hash, 'rev', 1)
redis.call('ZREM', set, id)
unlist_queued(id)
redis.call('ZADD', key('due', 'requests'), at, id)
dirty(redis.call('HGET', hash, 'card'), 'state')
touch_incident_of(id)
return 'ok'
