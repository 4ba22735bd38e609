-- Takes the listings that hints have asked for so far: one listing is enough for all of them. Returns 1 if there were
-- any.
local hinted = hinted_listing_at()
if not hinted or hinted > now() then return 0 end
redis.call('ZREMRANGEBYSCORE', key('discovery', 'hinted'), '-inf', num(now()))
count_hint_calls(1)
return 1
