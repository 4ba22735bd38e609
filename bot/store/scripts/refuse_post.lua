-- Refuses a start whose card can't be shown. ARGV: id, class, channel, item, token, why. Returns 1 or 0.
local id, items = ARGV[3], key('posts', ARGV[4], ARGV[5])
if not owns(items, ARGV[6], ARGV[7]) then return 0 end
redis.call('ZREM', items, ARGV[6])
waits_no_more(id, ARGV[5])
local state = redis.call('HGET', key('req', id), 'state')
if state ~= 'looked' and state ~= 'pending' and state ~= 'approved' then return 0 end
redis.call('ZREM', key('due', 'approvals'), id)
redis.call('HSET', key('req', id), 'state', 'refused', 'why', ARGV[8])
record_start('refused', id, nil, ARGV[8])
redis.call('ZADD', key('due', 'requests'), num(now()), id)
touch_incident_of(id)
return 1
