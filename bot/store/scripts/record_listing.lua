-- Records what has changed in a listing of schedules. ARGV: token, delay to the next listing in microseconds, Bolt's
-- time in microseconds, number of changed schedules, then for each: slug, activity, schedule; number of schedules with
-- new slots, then for each: slug, its slots as they were loaded and as they are now ('' for none), in how many
-- microseconds it may be late or ''; then the slugs that nobody watches anymore. Each changed schedule's runs are
-- looked at now. Returns 1, or 0 if the claim was lost.
local due, runs, pairs = key('due', 'discovery'), key('due', 'looks'), key('discovery', 'activity')
if not owns(due, 'schedules', ARGV[3]) then return 0 end
local late, slots = key('due', 'late'), key('discovery', 'slots')
local at, changed = now(), tonumber(ARGV[6])
for number = 1, changed do
  local first = 7 + (number - 1) * 3
  local slug = ARGV[first]
  redis.call('HSET', pairs, slug, ARGV[first + 1])
  redis.call('HSET', key('discovery', 'of', slug), 'schedule', ARGV[first + 2])
  redis.call('PERSIST', key('discovery', 'of', slug))
  redis.call('ZADD', runs, 'LT', num(at), slug)
  -- The schedule's run may have begun.
  redis.call('ZADD', late, 'XX', 'LT', num(at), slug)
end
local first = 7 + changed * 3
local rows = tonumber(ARGV[first])
for row = first + 1, first + rows * 4, 4 do
  local slug = ARGV[row]
  -- If they have changed since they were loaded, the next listing finds the same new slots.
  if (redis.call('HGET', slots, slug) or '') == ARGV[row + 1] then
    if ARGV[row + 2] == '' then
      redis.call('HDEL', slots, slug)
    else
      redis.call('HSET', slots, slug, ARGV[row + 2])
    end
    if ARGV[row + 3] ~= '' then redis.call('ZADD', late, 'LT', num(at + tonumber(ARGV[row + 3])), slug) end
  end
end
for number = first + 1 + rows * 4, #ARGV do forget_schedule(ARGV[number]) end
redis.call('SET', key('discovery', 'at'), ARGV[5])
redis.call('ZADD', due, num(least(at + tonumber(ARGV[4]), hinted_listing_at())), 'schedules')
redis.call('SET', key('discovery', 'next'), redis.call('ZSCORE', due, 'schedules'))
return 1
