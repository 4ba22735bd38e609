-- Begins the search for the runs that a gap hid, at the first complete listing after it. ARGV: time of the
-- previous listing in microseconds, time of this one in microseconds, then the watched schedules. All of these
-- schedules are looked at now. Until the listing itself is recorded, each attempt to end the same gap begins the search
-- again.
redis.call('DEL', key('gap', 'tried'))
local known = redis.call('HMGET', key('gap', 'now'), 'number', 'state', 'since')
local number = known[1]
local same = known[2] == 'blind' or known[3] == ARGV[3]
if not number or not same then
  -- If the search for what an earlier gap hid isn't finished, this gap's search covers the rest.
  if known[2] == 'collecting' then redis.call('DEL', key('gap', number, 'unlooked')) end
  number = new_gap(ARGV[3])
end
change_gap(number, {'state', 'collecting', 'until', ARGV[4], 'began', num(now())})
local unlooked = key('gap', number, 'unlooked')
for at = 5, #ARGV do
  redis.call('SADD', unlooked, ARGV[at])
  redis.call('ZADD', key('due', 'looks'), 'LT', num(now()), ARGV[at])
end
redis.call('EXPIRE', unlooked, num(DAY_S))
redis.call('ZADD', key('due', 'gaps'), num(now()), number)
return number
