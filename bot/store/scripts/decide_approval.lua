-- Approves or denies a pending start; the first decision counts. ARGV: id, user, '1' or '0', reason for a denial, time
-- allowed for approval in microseconds. Returns 'ok', 'late', or 'over' if it isn't pending
-- `bot.flows.approve` checks who may decide.
local id, hash = ARGV[3], key('req', ARGV[3])
-- The pulse comes first, so that the decision's time is later than the end of any absence.
feel_pulse()
local known, at = redis.call('HMGET', hash, 'state', 'card', 'pending_us'), now()
if known[1] ~= 'pending' then return 'over' end
-- The card exists, because someone clicked it, but it may not be recorded yet. See start_card_posted.lua.
if at - tonumber(known[3] or num(at)) > tonumber(ARGV[7]) then return 'late' end
local yes = ARGV[5] == '1'
if yes then
  -- From here on it's like any other start: asked for now, and sent soon or not at all.
  redis.call('HSET', hash, 'state', 'approved', 'approved_by', ARGV[4], 'asked_us', num(at))
  record_start('approved', id, ARGV[4])
else
  redis.call('HSET', hash, 'state', 'refused', 'denied_by', ARGV[4], 'why', ARGV[6])
  record_start('denied', id, ARGV[4], ARGV[6])
end
redis.call('HINCRBY', hash, 'rev', 1)
redis.call('ZREM', key('due', 'approvals'), id)
redis.call('ZADD', key('due', yes and 'approvals' or 'requests'), num(at), id)
if known[2] then dirty(known[2], 'state') end
touch_incident_of(id)
return 'ok'
