-- A channel has another id: its watches and incidents move. ARGV: old id, new id. Returns how many watches moved.
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

hold_incidents(old)
local behind = {}
for _, slug in ipairs(redis.call('SMEMBERS', key('incident', 'behind', old))) do behind[slug] = true end
redis.call('DEL', key('away', old), key('aside', old), key('incident', 'behind', old))
local slugs = {}
for _, slug in ipairs(redis.call('HKEYS', key('discovery', 'activity'))) do slugs[slug] = true end
for _, member in ipairs(redis.call('ZRANGE', key('incident', 'open'), 0, -1)) do
  local channel, slug = string.match(member, '^([^:]*):(.*)$')
  if channel == old then slugs[slug] = true end
end
for slug, _ in pairs(slugs) do
  local record = key('discovery', 'of', slug)
  local ledger = redis.call('HGET', record, 'ledger')
  if ledger and renamed(ledger) ~= ledger then
    redis.call('HSET', record, 'ledger', renamed(ledger))
    redis.call('HINCRBY', record, 'rev', 1)
  end
  local failing = key('discovery', 'failing', slug)
  if redis.call('SREM', failing, old) == 1 then redis.call('SADD', failing, new) end
  local from, to = key('incident', old, slug), key('incident', new, slug)
  if redis.call('EXISTS', from) == 1 and redis.call('EXISTS', to) == 0 then
    redis.call('RENAME', from, to)
    redis.call('HSET', to, 'incident', renamed(redis.call('HGET', to, 'incident')))
    redis.call('HINCRBY', to, 'rev', 1)
    for _, set in ipairs({key('incident', 'open'), key('due', 'incidents')}) do
      local score = redis.call('ZSCORE', set, old .. ':' .. slug)
      if score then
        redis.call('ZREM', set, old .. ':' .. slug)
        redis.call('ZADD', set, score, new .. ':' .. slug)
      end
    end
    local known = redis.call('HMGET', to, 'team', 'ts')
    if known[2] then
      local card, other = known[1] .. ':' .. old .. ':' .. known[2], known[1] .. ':' .. new .. ':' .. known[2]
      if redis.call('EXISTS', key('card', card)) == 1 then
        local class = redis.call('HGET', key('card', card), 'queued')
        if class then redis.call('ZREM', key('edits', class, old), card) end
        redis.call('RENAME', key('card', card), key('card', other))
        redis.call('HDEL', key('card', other), 'queued', 'unshowable')
        redis.call('HSET', key('card', other), 'incident', new .. ':' .. slug)
        dirty_incident(other, 'now')
      end
    elseif behind[slug] and redis.call('ZSCORE', key('incident', 'open'), new .. ':' .. slug) then
      push('posts', 'opening', new, 'incident/0/' .. new .. '/' .. slug, now())
    end
    if behind[slug] then push_incident_posts(new, slug) end
  end
end
redis.call('ZREM', key('due', 'channels'), old)
redis.call('ZADD', key('due', 'channels'), 'LT', num(now()), new)
return moved
