-- Asks for listings of schedules because a hint names runs that may not be on record. ARGV: members of the runs...
-- Returns 1 if the listing is due earlier now, else 0. A listing in progress isn't disturbed; another one follows it.
local due, at = key('due', 'discovery'), now()
local score = redis.call('ZSCORE', due, 'schedules')
if not score then return 0 end
local unknown = false
for number = 3, #ARGV do
  unknown = unknown or redis.call('EXISTS', key('run', ARGV[number])) == 0
end
if not unknown then return 0 end
for _, after_s in ipairs(HINT_REPEATS_S) do
  local wanted_us = at + after_s * 1000000
  -- At most one per second, so that their number is bounded.
  redis.call('ZADD', key('discovery', 'hinted'), 'NX', num(wanted_us), num(math.floor(wanted_us / 1000000)))
end
redis.call('EXPIRE', key('discovery', 'hinted'), 60)
local hinted = hinted_listing_at()
-- Any other score is a lease.
if score ~= redis.call('GET', key('discovery', 'next')) or hinted >= tonumber(score) then return 0 end
redis.call('ZADD', due, num(hinted), 'schedules')
redis.call('SET', key('discovery', 'next'), redis.call('ZSCORE', due, 'schedules'))
return 1
