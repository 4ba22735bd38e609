-- Whether a request of a person is dealt with. ARGV: user, channel ('' where it comes from none), user limit, channel limit,
-- window in s, delivery ('' for one that is not known again), for how long one is in s
-- Gives 'ok', 'flood' (too much, and whoever asked is to be told), 'flooded' (told already) or 'replay' (dealt with before)
local user, channel, window_s, delivery = ARGV[3], ARGV[4], ARGV[7], ARGV[8]
local seen = delivery ~= '' and key('seen', delivery)
local known = seen and redis.call('GET', seen)
if known == 'done' then return 'replay' end
-- Another copy of it is being dealt with, or was when a process died: it counts once.
if known then return 'ok' end

local function above(name, limit)
  local counter = key('flood', name)
  local count = redis.call('INCR', counter)
  if count == 1 then redis.call('EXPIRE', counter, window_s) end
  return count > tonumber(limit)
end
-- What is too much of one person counts against nobody else in the channel.
local flooded = above('user:' .. user, ARGV[5]) or (channel ~= '' and above('channel:' .. channel, ARGV[6]))
if seen then redis.call('SET', seen, flooded and 'done' or 'begun', 'EX', ARGV[9]) end
if not flooded then return 'ok' end
if redis.call('SET', key('flood', 'told:' .. user), '1', 'NX', 'EX', window_s) then return 'flood' end
return 'flooded'
