-- Records that schedules couldn't be listed. ARGV: Bolt's time in microseconds, the reason, and the number of
-- microseconds after which there's a gap. Returns the microseconds since the last complete listing, or '' if there was
-- none. A gap begins only once listing has been tried for that long too: after a restart, the bot keeps trying for that
-- long before it reports that schedules can't be listed.
-- The time after which there's a gap is `GAP_AFTER` in `bot.core.model.listing_gap`.
local at, gap_us = redis.call('GET', key('discovery', 'at')), tonumber(ARGV[5])
if not at then return '' end
local tried = redis.call('HMGET', key('gap', 'tried'), 'first', 'last')
local first = tonumber(tried[1] or '0')
if not tried[2] or now() - tonumber(tried[2]) > gap_us / 2 then first = now() end
redis.call('HSET', key('gap', 'tried'), 'first', num(first), 'last', num(now()))
redis.call('EXPIRE', key('gap', 'tried'), num(DAY_S))
local age = tonumber(ARGV[3]) - tonumber(at)
local state = redis.call('HGET', key('gap', 'now'), 'state')
if age <= gap_us or now() - first < gap_us or state == 'blind' or state == 'collecting' then return num(age) end
local number = new_gap(at)
change_gap(number, {'state', 'blind', 'why', ARGV[4]})
for _, channel in ipairs(watching_channels()) do
  redis.call('ZADD', key('due', 'gaps'), num(now()), channel .. ':' .. number)
end
return num(age)
