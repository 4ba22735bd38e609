-- Makes a post due again after a delay, with the record of its attempt. ARGV: class, channel, item, token, delay in
-- microseconds ('refused': as long as its channel counts as unreachable), record key, field, value ('=' leaves it).
-- Returns 1, or 0 if the claim was lost.
local class, channel, item = ARGV[3], ARGV[4], ARGV[5]
local items = key('posts', class, channel)
posted_in(channel)
if not owns(items, item, ARGV[6]) then return 0 end
if ARGV[10] ~= '=' then redis.call('HSET', P .. ARGV[8], ARGV[9], ARGV[10]) end
local due = ARGV[7] == 'refused' and refused_until(channel) or num(now() + tonumber(ARGV[7]))
redis.call('ZADD', items, due, item)
redis.call('ZADD', key('posts', class), 'LT', due, channel)
return 1
