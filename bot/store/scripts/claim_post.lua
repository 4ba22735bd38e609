-- First a slot of the posting budget, then the most urgent post for it. ARGV: lease in us, lease of logs in us,
-- gap between posts in us, gap between posts of a channel in us. Gives {item, token, class, channel} or {'', us until the next look}
local at = now()
local hold = tonumber(redis.call('GET', key('hold', 'chat.postMessage')) or '0')
local next_us = math.max(hold, tonumber(redis.call('GET', key('budget', 'posts')) or '0'))
if next_us > at then return {'', num(next_us - at)} end

local gates = key('budget', 'channels')
redis.call('ZREMRANGEBYSCORE', gates, '-inf', num(at))
local function lease_of(class) return tonumber(class == 'log' and ARGV[4] or ARGV[3]) end
local function opens(channel) return tonumber(redis.call('ZSCORE', gates, channel) or '0') end
local got, again = take('posts', {'start', 'fail', 'end', 'log'}, lease_of, opens)
if not got then return {'', again and num(math.max(0, again - at)) or ''} end
-- Counted from when the slot was free, up to half a second ago: what a claim comes late is not lost.
redis.call('SET', key('budget', 'posts'), num(math.max(next_us, at - 500000) + tonumber(ARGV[5])), 'PX', '60000')
redis.call('ZADD', gates, num(at + tonumber(ARGV[6])), got[4])
redis.call('ZADD', key('posts', got[3]), 'GT', num(at + tonumber(ARGV[6])), got[4])
return got
