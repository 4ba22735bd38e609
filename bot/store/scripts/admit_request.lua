-- Decides whether a person's request is handled. ARGV: user, channel ('' if none), user limit, channel limit, window in
-- s, the key of this kind of delivery, the delivery's name ('' if copies aren't detected), for how many ms its
-- beginning and its end are stored. Returns 'ok', 'flood' (over the limit, and the person should be notified),
-- 'flooded' (already notified) or 'replay' (handled before)
-- The limits are in `bot.core.model.admission`.
local CHECK_GAP_US = 60 * 1000000
local user, channel, window_s, kind, name = ARGV[3], ARGV[4], ARGV[7], ARGV[8], ARGV[9]
local state = name == '' and 'new' or begin_delivery(kind, name, ARGV[10])
if state == 'done' then return 'replay' end
-- Another copy is being handled, or was when a process died: count only one of them.
if state ~= 'new' then return 'ok' end

local function above(name, limit)
  local counter = key('flood', name)
  local count = redis.call('INCR', counter)
  if count == 1 then redis.call('EXPIRE', counter, window_s) end
  return count > tonumber(limit)
end
-- A person's excess requests don't count against the rest of the channel.
local flooded = above('user:' .. user, ARGV[5]) or (channel ~= '' and above('channel:' .. channel, ARGV[6]))
-- A channel whose watches are paused because the bot can't post there: Slack's event about its return may be lost.
-- `away` has the time of the last check that this script asked for.
local function check_if_away()
  local away = key('away', channel)
  local asked = redis.call('GET', away)
  if not asked or now() - tonumber(asked) < CHECK_GAP_US then return end
  redis.call('SET', away, num(now()))
  redis.call('ZADD', key('due', 'channels'), 'XX', 'LT', num(now()), channel)
end
if not flooded then
  if channel ~= '' then check_if_away() end
  return 'ok'
end
if name ~= '' then redis.call('SET', key(kind, name), 'done', 'PX', ARGV[11]) end
if redis.call('SET', key('flood', 'told:' .. user), '1', 'NX', 'EX', window_s) then return 'flood' end
return 'flooded'
