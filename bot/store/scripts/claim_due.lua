-- Claims due members of a due set. ARGV: set, lease in microseconds, max members, how far ahead of time in
-- microseconds, fields to read of each run ('' for none), minimum time between two claims across all replicas in
-- microseconds (0: none). Returns {claimed_us, token, when to look again or '', how late the first member is in
-- microseconds, member, fields..., member, fields...}
-- The lease is BOLT_BOT_LEASE_S; the gap of each set is in `bot.wiring.work_table`.
local set, at = key('due', ARGV[3]), now()
local lease, most, soon = tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local token = at + lease
feel_pulse()
local hold = tonumber(redis.call('GET', key('hold', ARGV[3])) or '0')
local gate, gap = key('budget', ARGV[3]), tonumber(ARGV[8])
if gap > 0 then hold = math.max(hold, tonumber(redis.call('GET', gate) or '0')) end
if hold > at then return {num(at), num(token), num(hold), '0'} end

local out = {num(at), num(token), '', '0'}
local due = redis.call('ZRANGE', set, '-inf', num(at), 'BYSCORE', 'LIMIT', '0', most)
-- Members are claimed early only to fill a batch that goes out anyway because another member is due.
if #due > 0 and #due < tonumber(most) and soon > 0 then
  due = redis.call('ZRANGE', set, '-inf', num(at + soon), 'BYSCORE', 'LIMIT', '0', most)
end
if #due > 0 then out[4] = num(math.max(0, at - tonumber(redis.call('ZSCORE', set, due[1])))) end
for _, member in ipairs(due) do
  redis.call('ZADD', set, num(token), member)
  out[#out + 1] = member
  for field in string.gmatch(ARGV[7], '[^,]+') do
    out[#out + 1] = redis.call('HGET', key('run', member), field) or ''
  end
end
-- The gap counts from when this claim was allowed, at most a second ago: one second's requests may go out together.
if gap > 0 and #due > 0 then redis.call('SET', gate, num(math.max(hold, at - 1000000) + gap), 'PX', '60000') end
local first = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
if #first > 0 then out[3] = first[2] end
return out
