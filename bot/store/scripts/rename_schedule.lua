-- Moves the watches, record, counts and incidents of a schedule whose slug has changed to the new slug. ARGV: old slug,
-- new slug, both of them again as JSON. Returns the channels with an incident of it.
local old, new, of = ARGV[3], ARGV[4], key('discovery', 'of', ARGV[3])
if redis.call('EXISTS', of) == 0 or redis.call('EXISTS', key('discovery', 'of', new)) == 1 then return {} end

-- Replaces the old slug as the value of a field in JSON.
local function swapped(text, field)
  local from, to, parts, at = '"' .. field .. '":' .. ARGV[5], '"' .. field .. '":' .. ARGV[6], {}, 1
  while true do
    local first, last = string.find(text, from, at, true)
    if not first then break end
    parts[#parts + 1] = string.sub(text, at, first - 1) .. to
    at = last + 1
  end
  return table.concat(parts) .. string.sub(text, at)
end
local function move_member(set, from, to)
  local score = redis.call('ZSCORE', set, from)
  if not score then return end
  redis.call('ZREM', set, from)
  redis.call('ZADD', set, score, to)
end

local standing, is_changed = key('standing'), false
for _, name in ipairs(redis.call('HKEYS', standing)) do
  local body = redis.call('HGET', standing, name)
  local after = swapped(body, 'pattern')
  if after ~= body then
    redis.call('HSET', standing, name, after)
    is_changed = true
  end
end
if is_changed then watches_changed() end

for _, part in ipairs({'of', 'failing', 'ended'}) do
  local from = key('discovery', part, old)
  if redis.call('EXISTS', from) == 1 then redis.call('RENAME', from, key('discovery', part, new)) end
end
redis.call('HINCRBY', key('discovery', 'of', new), 'rev', 1)
for _, part in ipairs({'activity', 'slots'}) do
  local hash = key('discovery', part)
  local value = redis.call('HGET', hash, old)
  if value then redis.call('HSET', hash, new, value) end
  redis.call('HDEL', hash, old)
end
redis.call('HDEL', key('discovery', 'missing'), old)
for _, set in ipairs({'looks', 'late', 'accounts', 'owners'}) do
  move_member(key('due', set), old, new)
end
-- Runs that were found under the old slug, and posts in progress, belong to the new one.
redis.call('SET', key('discovery', 'renamed', old), new, 'EX', num(7 * DAY_S))
redis.call('DEL', key('discovery', 'renamed', new))

local channels = {}
local function move_incident(channel, slug)
  local to, at = new .. string.sub(slug, #old + 1), key('incident', channel, slug)
  local hash = key('incident', channel, to)
  redis.call('RENAME', at, hash)
  local known = redis.call('HMGET', hash, 'incident', 'team', 'ts', 'outage', 'request')
  if known[1] then redis.call('HSET', hash, 'incident', swapped(known[1], 'schedule')) end
  redis.call('HINCRBY', hash, 'rev', 1)
  for _, set in ipairs({key('incident', 'open'), key('due', 'incidents')}) do
    move_member(set, channel .. ':' .. slug, channel .. ':' .. to)
  end
  for _, part in ipairs({'withheld', 'behind'}) do
    local set = key('incident', part, channel)
    if redis.call('SREM', set, slug) == 1 then redis.call('SADD', set, to) end
  end
  -- The retry that the incident's message shows names the incident.
  if known[5] and redis.call('HGET', key('req', known[5]), 'incident') == channel .. ':' .. slug then
    redis.call('HSET', key('req', known[5]), 'incident', channel .. ':' .. to)
  end
  if known[4] then move_member(key('outage', channel, known[4], 'members'), slug, to) end
  for _, class in ipairs(POSTS) do
    local items = key('posts', class, channel)
    for _, item in ipairs(redis.call('ZRANGE', items, 0, -1)) do
      local what, named = string.match(item, '^incident/([^/]+)/[^/]*/(.*)$')
      if named == slug then move_member(items, item, 'incident/' .. what .. '/' .. channel .. '/' .. to) end
    end
  end
  local card = known[3] and known[2] .. ':' .. channel .. ':' .. known[3]
  if card and redis.call('EXISTS', key('card', card)) == 1 then
    redis.call('HSET', key('card', card), 'incident', channel .. ':' .. to)
    -- The message's buttons name the schedule.
    if redis.call('ZSCORE', key('incident', 'open'), channel .. ':' .. to) then dirty_incident(card, 'now') end
  end
  if to == new then channels[#channels + 1] = channel end
end

-- All names are read before anything is renamed. Slugs seldom change, so this may take a moment.
local names, cursor = {}, '0'
repeat
  local page = redis.call('SCAN', cursor, 'MATCH', P .. '*', 'COUNT', 1000)
  cursor = page[1]
  for _, name in ipairs(page[2]) do names[string.sub(name, #P + 1)] = true end
until cursor == '0'
for name, _ in pairs(names) do
  local channel, slug = string.match(name, '^incident:([^:]+):(.*)$')
  local day, counted = string.match(name, '^discovery:counted:([^:]+):(.*)$')
  local index = channel == 'withheld' or channel == 'behind'
  if channel and not index and (slug == old or string.sub(slug, 1, #old + 8) == old .. ':before:') then
    move_incident(channel, slug)
  elseif counted == old then
    redis.call('RENAME', key('discovery', 'counted', day, old), key('discovery', 'counted', day, new))
  end
end
return channels
