-- Moves the watches of a channel whose id has changed, and everything that belongs to them. ARGV: old id, new id.
-- Returns how many watches moved.
local old, new, standing, moved = ARGV[3], ARGV[4], key('standing'), 0
local function renamed(text) return (string.gsub(text, '"' .. old .. '"', '"' .. new .. '"')) end

local numbers = key('standing', 'numbers')
local before = tonumber(redis.call('HGET', numbers, old) or '0')
if before > tonumber(redis.call('HGET', numbers, new) or '0') then redis.call('HSET', numbers, new, before) end
redis.call('HDEL', numbers, old)
for _, name in ipairs(redis.call('HKEYS', standing)) do
  local channel, number = string.match(name, '^(.*):(%d+)$')
  if channel == old then
    local body = renamed(redis.call('HGET', standing, name))
    redis.call('HDEL', standing, name)
    if redis.call('HEXISTS', standing, new .. ':' .. number) == 1 then number = redis.call('HINCRBY', numbers, new, 1) end
    redis.call('HSET', standing, new .. ':' .. number, body)
    moved = moved + 1
  end
end
if moved == 0 then return 0 end
watches_changed()

-- Kinds of keys that move, if one of their parts is the channel. tests/store/test_move_channel.py gives the reason for
-- each kind that stays.
local MOVED = {incident = true, outage = true, notice = true, gap = true, quiet = true, report = true, back = true,
  active = true, failed = true, recent = true}
-- The new id may already have outages, if it was used before the change was known, so those that move get the next
-- numbers.
local outages = key('outage', 'numbers')
local base = tonumber(redis.call('HGET', outages, new) or '0')
local function new_number(number) return num(tonumber(number) + base) end
local last = redis.call('HGET', outages, old)
if last then
  redis.call('HSET', outages, new, new_number(last))
  redis.call('HDEL', outages, old)
end

-- Replaces the channel in a name. Returns the new name, or nil if no part of the name is the channel.
local function renamed_parts(name, by)
  local parts, found = {}, false
  for part in string.gmatch(name, '[^' .. by .. ']+') do
    if found == true and parts[1] == 'outage' and string.match(part, '^%d+$') then
      part, found = new_number(part), 'numbered'
    elseif part == old and not found then
      part, found = new, true
    end
    parts[#parts + 1] = part
  end
  return found and table.concat(parts, by) or nil, parts[1]
end

-- The retry that an incident's message shows names the incident.
local function move_start(from, to)
  local id, first = redis.call('HGET', to, 'request'), #key('incident', '') + 1
  if id and redis.call('HGET', key('req', id), 'incident') == string.sub(from, first) then
    redis.call('HSET', key('req', id), 'incident', string.sub(to, first))
  end
end

local function move_key(from, to)
  local kind = redis.call('TYPE', from).ok
  if redis.call('EXISTS', to) == 0 then
    redis.call('RENAME', from, to)
  elseif kind == 'set' then
    redis.call('SUNIONSTORE', to, to, from)
    redis.call('DEL', from)
  elseif kind == 'zset' then
    redis.call('ZUNIONSTORE', to, 2, to, from, 'AGGREGATE', 'MIN')
    redis.call('DEL', from)
  else
    -- A record that the new id already has is newer.
    return
  end
  if kind ~= 'hash' then return end
  for _, field in ipairs({'incident', 'notice', 'body'}) do
    local body = redis.call('HGET', to, field)
    if body then redis.call('HSET', to, field, renamed(body)) end
  end
  local number = redis.call('HGET', to, 'outage')
  if number then redis.call('HSET', to, 'outage', new_number(number)) end
  if redis.call('HEXISTS', to, 'rev') == 1 then redis.call('HINCRBY', to, 'rev', 1) end
  move_start(from, to)
end

-- The message of an incident, an outage, a gap or a notice is edited in the new channel.
local cards = {}
local function move_card(from, name)
  for _, field in ipairs({'incident', 'outage', 'gap', 'notice'}) do
    local link = redis.call('HGET', from, field)
    if link then
      local class, card = redis.call('HGET', from, 'queued'), string.gsub(name, '^card:', '')
      if class then redis.call('ZREM', key('edits', class, old), card) end
      local to = renamed_parts(card, ':')
      redis.call('RENAME', from, key('card', to))
      redis.call('HDEL', key('card', to), 'queued', 'unshowable')
      link = string.gsub(link, '^[^:]*', new)
      if field == 'outage' then link = new .. ':' .. new_number(string.match(link, ':(%d+)$')) end
      redis.call('HSET', key('card', to), field, link)
      cards[#cards + 1] = {to, field}
      return
    end
  end
end

local away, refused = redis.call('GET', key('away', old)), tonumber(redis.call('GET', key('aside', 'until', old)) or '0')
local function move_posts(from, name)
  local class = string.match(name, '^posts:([^:]*):')
  for _, item in ipairs(redis.call('ZRANGE', from, 0, -1)) do
    local to, kind = renamed_parts(item, '/')
    if to and MOVED[kind] then
      local due = tonumber(redis.call('ZSCORE', from, item))
      -- A post that was refused under the old id is tried under the new one.
      push('posts', class, new, to, due == refused and now() or due)
      redis.call('ZREM', from, item)
    end
  end
end

hold_incidents(old)
local behind = {}
for _, slug in ipairs(redis.call('SMEMBERS', key('incident', 'behind', old))) do behind[slug] = true end
redis.call('DEL', key('away', old), key('aside', old), key('aside', 'until', old), key('aside', 'tried', old), key('incident', 'behind', old))
for _, number in ipairs(redis.call('ZRANGE', key('outage', 'open', old), 0, -1)) do
  redis.call('ZADD', key('outage', 'open', new), redis.call('ZSCORE', key('outage', 'open', old), number), new_number(number))
end
redis.call('DEL', key('outage', 'open', old))
local function move(from)
  local name = string.sub(from, #P + 1)
  local to, kind = renamed_parts(name, ':')
  if to and MOVED[kind] then move_key(from, P .. to) end
  if to and kind == 'card' then move_card(from, name) end
  if to and kind == 'posts' then move_posts(from, name) end
end
-- All names are read before anything is renamed. A channel's id changes once in a while, so that may take a moment.
local names, cursor = {}, '0'
repeat
  local page = redis.call('SCAN', cursor, 'MATCH', P .. '*:' .. old .. '*', 'COUNT', 1000)
  cursor = page[1]
  for _, name in ipairs(page[2]) do names[name] = true end
until cursor == '0'
for name, _ in pairs(names) do move(name) end
for _, set in ipairs({key('incident', 'open'), key('due', 'incidents'), key('due', 'outages'), key('due', 'gaps'),
  key('due', 'quiet'), key('due', 'reports')}) do
  for _, member in ipairs(redis.call('ZRANGE', set, 0, -1)) do
    local rest = string.match(member, '^' .. old .. '(:?.*)$')
    if rest == '' or rest and string.sub(rest, 1, 1) == ':' then
      if set == key('due', 'outages') then rest = ':' .. new_number(string.sub(rest, 2)) end
      redis.call('ZADD', set, 'LT', redis.call('ZSCORE', set, member), new .. rest)
      redis.call('ZREM', set, member)
    end
  end
end
for _, hash in ipairs({key('report'), key('late')}) do
  local body = redis.call('HGET', hash, old)
  if body then redis.call('HSETNX', hash, new, renamed(body)) end
  redis.call('HDEL', hash, old)
end

local slugs = {}
for _, slug in ipairs(redis.call('HKEYS', key('discovery', 'activity'))) do slugs[slug] = true end
for _, member in ipairs(redis.call('ZRANGE', key('incident', 'open'), 0, -1)) do
  local channel, slug = string.match(member, '^([^:]*):(.*)$')
  if channel == new then slugs[slug] = true end
end
for slug, _ in pairs(slugs) do
  local record = key('discovery', 'of', slug)
  local ledger = redis.call('HGET', record, 'ledger')
  -- In `beginnings`, a channel is followed by @ and the time at which its watch began.
  if ledger and string.find(ledger, '"' .. old .. '@', 1, true) then
    redis.call('HSET', record, 'ledger', (string.gsub(ledger, '"' .. old .. '@', '"' .. new .. '@')))
    redis.call('HINCRBY', record, 'rev', 1)
  end
  local failing = key('discovery', 'failing', slug)
  if redis.call('SREM', failing, old) == 1 then redis.call('SADD', failing, new) end
end
for _, card in ipairs(cards) do
  if card[2] == 'incident' then
    dirty_incident(card[1], 'now')
  elseif card[2] == 'outage' then
    dirty_outage(card[1])
  else
    dirty(card[1], 'incident')
  end
end
-- While the watches are paused, nothing of their incidents is posted: the message at the bot's return lists them.
if away then redis.call('SET', key('away', new), away) end
for slug, _ in pairs(behind) do
  local known = redis.call('HMGET', key('incident', new, slug), 'rev', 'ts')
  if away then
    mark_behind(new, slug)
  elseif known[1] then
    if not known[2] and redis.call('ZSCORE', key('incident', 'open'), new .. ':' .. slug) then
      push('posts', 'opening', new, 'incident/0/' .. new .. '/' .. slug, now())
    end
    push_incident_posts(new, slug)
  end
end
redis.call('ZREM', key('due', 'channels'), old)
redis.call('ZADD', key('due', 'channels'), 'LT', num(now()), new)
return moved
