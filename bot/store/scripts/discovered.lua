-- Records what a listing of schedules has changed. ARGV: token, delay to the next listing in us, Bolt's time in us,
-- number of changed schedules, then for each: slug, activity, schedule; then the slugs that nobody watches any more.
-- Each changed schedule's runs are looked at now. Returns 1, or 0 if the claim was lost.
local due, runs, pairs = key('due', 'discovery'), key('due', 'looks'), key('discovery', 'activity')
if not owns(due, 'schedules', ARGV[3]) then return 0 end
local at, changed = now(), tonumber(ARGV[6])
for number = 1, changed do
  local first = 7 + (number - 1) * 3
  local slug = ARGV[first]
  redis.call('HSET', pairs, slug, ARGV[first + 1])
  redis.call('HSET', key('discovery', 'of', slug), 'schedule', ARGV[first + 2])
  redis.call('PERSIST', key('discovery', 'of', slug))
  redis.call('ZADD', runs, 'LT', num(at), slug)
end
for number = 7 + changed * 3, #ARGV do
  local slug = ARGV[number]
  redis.call('HDEL', pairs, slug)
  redis.call('ZREM', runs, slug)
  -- A watch that is made again soon takes up what was known.
  redis.call('EXPIRE', key('discovery', 'of', slug), num(DAY_S))
end
redis.call('SET', key('discovery', 'at'), ARGV[5])
redis.call('ZADD', due, num(least(at + tonumber(ARGV[4]), hinted_listing_at())), 'schedules')
redis.call('SET', key('discovery', 'next'), redis.call('ZSCORE', due, 'schedules'))
return 1
