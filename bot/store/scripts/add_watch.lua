-- Adds a watch to a channel, unless it's full. ARGV: channel, body, most watches in the channel, most in all. Returns
-- {'ok', number} or {'channel_full' or 'full', 0}. Discovery runs while there is any watch.
local channel, body, standing = ARGV[3], ARGV[4], key('standing')
local count = 0
for _, name in ipairs(redis.call('HKEYS', standing)) do
  if string.match(name, '^(.*):%d+$') == channel then count = count + 1 end
end
if count >= tonumber(ARGV[5]) then return {'channel_full', 0} end
if redis.call('HLEN', standing) >= tonumber(ARGV[6]) then return {'full', 0} end

local number = redis.call('HINCRBY', key('standing', 'numbers'), channel, 1)
redis.call('HSET', standing, channel .. ':' .. number, body)
watches_changed()
redis.call('ZADD', key('due', 'discovery'), 'NX', num(now()), 'schedules')
check_soon(channel)
return {'ok', number}
