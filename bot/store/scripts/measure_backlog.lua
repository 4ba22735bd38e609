-- Measures the waiting work, for /metrics. Reads a bounded number of keys, however much work waits, and writes nothing.
-- ARGV: due sets, methods whose calls are counted (each separated by commas), window of edits in microseconds, window
-- of calls in microseconds. Returns JSON.
local CHANNELS_MOST, ENDS_MOST = 100, 200
local at = now()

local function words(list) return string.gmatch(list, '[^,]+') end
local function seconds_since(us) return math.max(0, at - tonumber(us)) / 1000000 end
local function first_of(set)
  local first = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
  return first[2] and seconds_since(first[2]) or 0
end
-- The seconds for which a service has asked not to be called.
local function held_s(name)
  return math.max(0, tonumber(redis.call('GET', key('hold', name)) or '0') - at) / 1000000
end

local due, held = {}, {}
for name in words(ARGV[3]) do
  local set = key('due', name)
  due[name] = {redis.call('ZCARD', set), first_of(set)}
  held[name] = held_s(name)
end

-- How many items of a class wait, and for how long the first of them has been due.
local function measured(lane, class)
  local count, overdue_s = 0, 0
  for _, channel in ipairs(redis.call('ZRANGE', key(lane, class), 0, CHANNELS_MOST - 1)) do
    local items = key(lane, class, channel)
    count = count + redis.call('ZCARD', items)
    overdue_s = math.max(overdue_s, first_of(items))
  end
  return {count, overdue_s}
end
local lanes = {edits = {}, posts = {}}
for _, class in ipairs(EDITS) do lanes.edits[class] = measured('edits', class) end
for _, class in ipairs(POSTS) do lanes.posts[class] = measured('posts', class) end

-- Ends that haven't been announced: of runs that are over but not concluded, and of runs whose post is waiting. If
-- there are many, they're counted, but only some are looked at to find the oldest.
local untold, oldest_us, looks = 0, at, ENDS_MOST
local function look_at(member)
  looks = looks - 1
  local known = redis.call('HGET', key('run', member or ''), 'final_us')
  if known then oldest_us = math.min(oldest_us, tonumber(known)) end
end
local function look_at_card(card)
  if looks > 0 then look_at(redis.call('HGET', key('card', card), 'run') or '') end
end
local ends = redis.call('ZRANGE', key('due', 'ends'), 0, ENDS_MOST - 1)
untold = redis.call('ZCARD', key('due', 'ends')) - #ends
for _, member in ipairs(ends) do
  -- Concluded runs wait only for their log.
  if redis.call('HGET', key('run', member), 'concluded') ~= '1' then
    untold = untold + 1
    look_at(member)
  end
end
looks = ENDS_MOST
for _, class in ipairs({'fail', 'end', 'digest'}) do
  for _, channel in ipairs(redis.call('ZRANGE', key('posts', class), 0, CHANNELS_MOST - 1)) do
    local items = key('posts', class, channel)
    local found = looks > 0 and redis.call('ZRANGE', items, 0, looks - 1) or {}
    untold = untold + redis.call('ZCARD', items) - #found
    for _, item in ipairs(found) do
      local cards = item
      if class == 'digest' then cards = redis.call('HGET', key('digest', string.match(item, '/(.*)$')), 'cards') or '' end
      for card in words(cards) do
        look_at_card(string.match(card, '^end/(.*)$') or card)
        untold = untold + 1
      end
    end
  end
end

local function within(log, window) return redis.call('ZCOUNT', log, num(at - tonumber(window)), '+inf') end
local used = {['chat.update'] = within(key('budget', 'edits'), ARGV[5])}
for method in words(ARGV[4]) do
  used[method] = within(key('calls', method), ARGV[6])
  held[method] = held_s(method)
end
for _, method in ipairs({'chat.update', 'chat.postMessage'}) do held[method] = held_s(method) end

local totals = {
  active_runs = redis.call('ZCARD', key('due', 'polls')) + redis.call('ZCARD', key('due', 'strays')),
  untold_ends = untold,
  untold_end_age_seconds = (at - oldest_us) / 1000000,
  watches = redis.call('HLEN', key('standing')),
  open_incidents = redis.call('ZCARD', key('incident', 'open')),
}
-- Without a watch, schedules aren't listed.
local listed = redis.call('ZSCORE', key('due', 'discovery'), 'schedules') and redis.call('GET', key('discovery', 'at'))
if listed then totals.listing_age_seconds = seconds_since(listed) end
return cjson.encode({due = due, lanes = lanes, used = used, held = held, totals = totals})
