-- Begins to deal with a message. ARGV: delivery, for how long that takes at the most in ms
-- Gives 'new', 'begun' (another delivery of it is being dealt with) or 'done'
local heard = key('heard', ARGV[3])
local known = redis.call('GET', heard)
if known then return known end
redis.call('SET', heard, 'begun', 'PX', ARGV[4])
return 'new'
