-- Gaps between complete listings of schedules: one hash per gap by its number, and a copy of the newest one.
local GAP_KEPT_S = 7 * DAY_S
local function change_gap(number, fields)
  -- An earlier gap may be completed after a newer one has begun.
  local newest = redis.call('HGET', key('gap', 'now'), 'number') or number
  for _, name in ipairs({number, newest == number and 'now' or nil}) do
    redis.call('HSET', key('gap', name), unpack(fields))
    redis.call('EXPIRE', key('gap', name), GAP_KEPT_S)
  end
end
local function new_gap(since)
  local number = num(redis.call('INCR', key('gap', 'number')))
  redis.call('DEL', key('gap', 'now'))
  change_gap(number, {'number', number, 'since', since})
  return number
end

-- Whether the account of a gap is still pending in a channel, or runs hidden by a gap are still being found. The answer
-- is read once, so a script that changes the gaps calls this only after the change.
local accounts_to_come
local function account_comes(channel)
  if not accounts_to_come then
    accounts_to_come = {}
    for _, member in ipairs(redis.call('ZRANGE', key('due', 'gaps'), 0, -1)) do
      accounts_to_come[string.match(member, '^(.*):%d+$') or ''] = true
    end
  end
  return accounts_to_come[''] or accounts_to_come[channel] or false
end

-- A channel without any watch is checked one last time, now: then its withheld posts are dropped, because no account of
-- a gap will list them, and a later watch doesn't cover them.
local watched_channels
local function look_unless_watched(channel)
  if not watched_channels then
    watched_channels = {}
    for _, name in ipairs(redis.call('HKEYS', key('standing'))) do
      watched_channels[string.match(name, '^(.*):%d+$')] = true
    end
  end
  if watched_channels[channel] then return end
  for _, set in ipairs({'quiet', 'channels'}) do
    redis.call('ZADD', key('due', set), 'XX', 'LT', num(now()), channel)
  end
end

-- A channel's watches have changed: until the gap is complete, its message says whether the channel has any that aren't
-- paused.
local function gap_message_due(channel)
  local known = redis.call('HMGET', key('gap', 'now'), 'number', 'state')
  if known[2] ~= 'blind' and known[2] ~= 'collecting' then return end
  redis.call('ZADD', key('due', 'gaps'), 'LT', num(now()), channel .. ':' .. known[1])
end

-- Schedules aren't listed anymore, because there are no watches, so the length of the gap will never be known.
local function end_unseen_gap()
  local known = redis.call('HMGET', key('gap', 'now'), 'number', 'state')
  if known[2] == 'blind' then change_gap(known[1], {'state', 'complete'}) end
end

-- If a channel gets no account of a complete gap, the incidents withheld for it are listed in a message like the one at
-- the end of quiet hours.
local function list_withheld_without_account(channel, number)
  if redis.call('HGET', key('gap', number), 'state') ~= 'complete' then return end
  if not account_comes(channel) then redis.call('ZADD', key('due', 'quiet'), 'XX', 'LT', num(now()), channel) end
end

-- Returns the channels with a watch that isn't paused.
local function watching_channels()
  local found, seen = {}, {}
  local standing = redis.call('HGETALL', key('standing'))
  for at = 1, #standing, 2 do
    local channel, paused = string.match(standing[at], '^(.*):%d+$'), read_facts(standing[at + 1]).paused
    if not seen[channel] and (not paused or paused == '') then
      found[#found + 1], seen[channel] = channel, true
    end
  end
  return found
end
