-- Removes a start from its queue, whoever holds its claim. ARGV: id, why, the user who removed it or ''. Returns 'ok',
-- 'over' if it isn't queued, or 'gone' if there's no record of it
local id, hash = ARGV[3], key('req', ARGV[3])
local known = redis.call('HMGET', hash, 'state', 'line', 'card')
if known[1] ~= 'queued' then return known[1] and 'over' or 'gone' end
redis.call('HSET', hash, 'state', 'refused', 'why', ARGV[4], 'dropped_by', ARGV[5])
if ARGV[5] ~= '' then record_start('dropped', id, ARGV[5], ARGV[4]) else record_start('refused', id, nil, ARGV[4]) end
redis.call('HINCRBY', hash, 'rev', 1)
redis.call('ZREM', key('due', 'queue'), id)
unlist_queued(id)
redis.call('ZREM', key('line', known[2]), id)
redis.call('ZADD', key('due', 'requests'), num(now()), id)
if known[3] then dirty(known[3], 'state') end
call_next(known[2])
touch_incident_of(id)
return 'ok'
