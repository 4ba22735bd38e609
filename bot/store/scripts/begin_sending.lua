-- Records that a start is about to be sent. A start is never sent if it's older than the deadline, or from before
-- an absence: it may have been sent without a trace in this data. Only one start of a schedule is being sent at a time.
-- ARGV: id, token, deadline in microseconds, lease in microseconds, schedule's lock. Returns {'go' | 'expired' | 'busy'
-- | 'lost' | the state it's in, token}
local id, token = ARGV[3], ARGV[4]
local hash, set, lock = key('req', id), key('due', 'requests'), key('sending', ARGV[7])
local known = redis.call('HMGET', hash, 'state', 'asked_us')
local at = now()
if not owns(set, id, token) then return {'lost', token} end
if known[1] ~= 'carded' then return {known[1] or 'gone', token} end
local asked = tonumber(known[2])
if at - asked > tonumber(ARGV[5]) or asked < absence_ended() then return {'expired', token} end

local holder = redis.call('GET', lock)
if holder and holder ~= id then
  local due = num(at + 500000)
  redis.call('ZADD', set, due, id)
  return {'busy', due}
end
local lease = num(at + tonumber(ARGV[6]))
-- The lock outlasts the lease: a process that takes over a lost start looks for its run before another may be sent.
redis.call('SET', lock, id, 'PX', num(tonumber(ARGV[6]) / 1000 + 20000))
redis.call('HSET', hash, 'state', 'sending', 'sending_us', num(at))
-- If another start's reply is lost, a run that began after this start was sent may belong to this start instead. See
-- rival_starts.lua.
redis.call('ZADD', key('sent', ARGV[7]), num(at), id)
redis.call('PEXPIRE', key('sent', ARGV[7]), 7200000)
redis.call('ZADD', set, lease, id)
return {'go', lease}
