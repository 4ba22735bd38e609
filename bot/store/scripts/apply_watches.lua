-- Applies the watches file, unless a watch has changed since the file was compared with them. ARGV: the watches'
-- revision when they were compared ('' if there was none), max watches in a channel, max in total, number of watches to
-- stop, their names; number of watches to change, then for each: name, body; then for each one to add: channel, body.
-- Returns {'moved'}, or {'ok', '1' if Redis had no record of an earlier startup, then the number of each new watch, 0
-- if there's no room for it}.
local standing = key('standing')
if (redis.call('GET', key('standing', 'rev')) or '') ~= ARGV[3] then return {'moved'} end
local reply = {'ok', redis.call('SET', key('standing', 'marker'), num(now()), 'NX') and 1 or 0}

local at, changes, stopped = 7, 0, tonumber(ARGV[6])
for _ = 1, stopped do
  changes = changes + redis.call('HDEL', standing, ARGV[at])
  at = at + 1
end
local changed = tonumber(ARGV[at])
at = at + 1
for _ = 1, changed do
  redis.call('HSET', standing, ARGV[at], ARGV[at + 1])
  changes = changes + 1
  at = at + 2
end
local counts, all = {}, 0
for _, name in ipairs(redis.call('HKEYS', standing)) do
  local channel = string.match(name, '^(.*):%d+$')
  counts[channel] = (counts[channel] or 0) + 1
  all = all + 1
end
for first = at, #ARGV, 2 do
  local channel, number = ARGV[first], 0
  if (counts[channel] or 0) < tonumber(ARGV[4]) and all < tonumber(ARGV[5]) then
    number = redis.call('HINCRBY', key('standing', 'numbers'), channel, 1)
    redis.call('HSET', standing, channel .. ':' .. number, ARGV[first + 1])
    counts[channel] = (counts[channel] or 0) + 1
    all, changes = all + 1, changes + 1
  end
  reply[#reply + 1] = number
end
if changes > 0 then watches_changed() end
for number = 7, 6 + stopped do
  local channel = string.match(ARGV[number], '^(.*):%d+$')
  look_unless_watched(channel)
  gap_message_due(channel)
end
for channel, _ in pairs(counts) do
  check_soon(channel, 'NX')
  gap_message_due(channel)
end
if all == 0 then
  end_discovery()
else
  redis.call('ZADD', key('due', 'discovery'), 'NX', num(now()), 'schedules')
end
return reply
