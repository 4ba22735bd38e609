-- Whether a request of a person is dealt with. ARGV: user, channel ('' where it comes from none), user limit, channel limit,
-- window in s, the key of such deliveries, its delivery's name ('' if a copy is not known again), for how many ms its begin and its
-- end are known
-- Gives 'ok', 'flood' (too much, and whoever asked is to be told), 'flooded' (told already) or 'replay' (dealt with before)
local user, channel, window_s, kind, name = ARGV[3], ARGV[4], ARGV[7], ARGV[8], ARGV[9]
local state = name == '' and 'new' or begin_delivery(kind, name, ARGV[10])
if state == 'done' then return 'replay' end
-- Another copy of it is being handled, or was when a process died: it counts once.
if state ~= 'new' then return 'ok' end

local function above(name, limit)
  local counter = key('flood', name)
  local count = redis.call('INCR', counter)
  if count == 1 then redis.call('EXPIRE', counter, window_s) end
  return count > tonumber(limit)
end
-- What is too much of one person counts against nobody else in the channel.
local flooded = above('user:' .. user, ARGV[5]) or (channel ~= '' and above('channel:' .. channel, ARGV[6]))
if not flooded then return 'ok' end
if name ~= '' then redis.call('SET', key(kind, name), 'done', 'PX', ARGV[11]) end
if redis.call('SET', key('flood', 'told:' .. user), '1', 'NX', 'EX', window_s) then return 'flood' end
return 'flooded'
