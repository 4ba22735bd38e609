-- Makes all watched schedules due for a look, because a hint is about a run that the listing doesn't show, unless hints
-- have already caused too many requests. ARGV: schedules per request. Returns how many were made due.
local slugs = redis.call('HKEYS', key('discovery', 'activity'))
local calls = math.ceil(#slugs / tonumber(ARGV[3]))
if calls == 0 or hint_calls_left() < calls then return 0 end
count_hint_calls(calls)
for _, slug in ipairs(slugs) do redis.call('ZADD', key('due', 'looks'), 'LT', num(now()), slug) end
return #slugs
