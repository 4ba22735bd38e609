-- Accounts ends of a schedule's runs, once, together with the incidents that they change; or changes incidents alone.
-- ARGV: slug, token of the claim ('' if only incidents change), the record's revision, ledger, number of runs, then
-- their members; number of incidents, then for each: channel, expected revision, incident, serial, edit ('now', 'count'
-- or 'none'), posts (number:class,...), whether it needs a message ('1' or '0'), whether it's open ('1' or '0'), when
-- time changes it in us or ''. Returns 'ok', or 'again' if anything has changed since it was loaded: then nothing is
-- done.
local slug, token, accounts = ARGV[3], ARGV[4], key('due', 'accounts')
local record, ended = key('discovery', 'of', slug), key('discovery', 'ended', slug)
local runs, first_run = tonumber(ARGV[7]), 8
local first = first_run + runs + 1

local function incident_key(channel) return key('incident', channel, slug) end
local function changed()
  if token ~= '' then
    if not owns(accounts, slug, token) then return true end
    if (redis.call('HGET', record, 'rev') or '0') ~= ARGV[5] then return true end
  end
  for at = first, #ARGV, 9 do
    if (redis.call('HGET', incident_key(ARGV[at]), 'rev') or '0') ~= ARGV[at + 1] then return true end
  end
  return false
end
if changed() then return 'again' end

if token ~= '' then
  redis.call('HSET', record, 'ledger', ARGV[6])
  redis.call('HINCRBY', record, 'rev', 1)
  for number = first_run, first_run + runs - 1 do
    local member = ARGV[number]
    redis.call('HDEL', ended, string.match(member, ':(%d+)$'))
    -- Nothing but its incident tells of a run without a card, and the API knows the rest.
    if #cards_of(member) == 0 and redis.call('HGET', key('run', member), 'concluded') == '1' then
      redis.call('EXPIRE', key('run', member), num(DAY_S))
    end
  end
  if redis.call('EXISTS', ended) == 1 then
    redis.call('ZADD', accounts, num(now()), slug)
  else
    redis.call('ZREM', accounts, slug)
  end
end

for at = first, #ARGV, 9 do
  local channel, hash = ARGV[at], incident_key(ARGV[at])
  local serial, edit, posts, message = ARGV[at + 3], ARGV[at + 4], ARGV[at + 5], ARGV[at + 6] == '1'
  if redis.call('HGET', hash, 'serial') ~= serial then
    -- A new incident has a message of its own; that of the one before stays as it is.
    redis.call('DEL', hash)
    redis.call('HSET', hash, 'serial', serial, 'rev', ARGV[at + 1])
  end
  redis.call('HSET', hash, 'incident', ARGV[at + 2], 'posts', posts)
  redis.call('HINCRBY', hash, 'rev', 1)
  local member = channel .. ':' .. slug
  if ARGV[at + 7] == '1' then
    redis.call('ZADD', key('incident', 'open'), 'NX', num(now()), member)
    redis.call('SADD', key('discovery', 'failing', slug), channel)
    redis.call('PERSIST', hash)
  else
    redis.call('ZREM', key('incident', 'open'), member)
    redis.call('SREM', key('discovery', 'failing', slug), channel)
    redis.call('EXPIRE', hash, RETENTION_S)
  end
  if ARGV[at + 8] ~= '' then
    redis.call('ZADD', key('due', 'incidents'), ARGV[at + 8], member)
  else
    redis.call('ZREM', key('due', 'incidents'), member)
  end
  local known = redis.call('HMGET', hash, 'ts', 'team')
  if known[1] then
    if edit ~= 'none' then dirty_incident(known[2] .. ':' .. channel .. ':' .. known[1], edit) end
    push_incident_posts(channel, slug)
  elseif message then
    push('posts', 'opening', channel, 'incident/0/' .. channel .. '/' .. slug, now())
  else
    push_incident_posts(channel, slug)
  end
end
return 'ok'
