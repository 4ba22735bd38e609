-- Ties a request to its run, whoever holds the lease: run, owner, card and first poll in one step. ARGV: id, run
-- member, facts, seen, state, digest, usual_s, began_s, schedule's lock, '1' if Bolt returned the id (and no search
-- found it), run member of the run it retries or '', run id, what that run's cards show of it. Returns 'settled' or the
-- run it already has.
local id, member = ARGV[3], ARGV[4]

-- How often a person runs a schedule, and the channel of the last run. A run's weight halves in 30 days: newer runs get
-- a higher score, so that no score has to be lowered. Forgotten 90 days after the last run.
local HABITS_MOST, HABITS_S, HALF_S, SINCE_S = 50, 90 * DAY_S, 30 * DAY_S, 1767225600
local function habit(facts, channel)
  local known = read_facts(facts)
  local user, schedule = known.asked_by, known.schedule
  if type(user) ~= 'string' or type(schedule) ~= 'string' or schedule == '' then return end
  local counts, places = key('habits', user), key('habits', user, 'places')
  redis.call('ZINCRBY', counts, string.format('%.17g', 2 ^ ((now() / 1000000 - SINCE_S) / HALF_S)), schedule)
  redis.call('HSET', places, schedule, channel .. ':' .. (type(known.name) == 'string' and known.name or ''))
  for _, least in ipairs(redis.call('ZRANGE', counts, 0, -1 - HABITS_MOST)) do
    redis.call('ZREM', counts, least)
    redis.call('HDEL', places, least)
  end
  redis.call('EXPIRE', counts, HABITS_S)
  redis.call('EXPIRE', places, HABITS_S)
end

local hash, lock = key('req', id), key('sending', ARGV[11])
local known = redis.call('HMGET', hash, 'state', 'run', 'card', 'incident')
if known[1] == 'settled' then
  -- A search has tied another run to the request. The run that Bolt returned is recorded and followed anyway.
  if ARGV[12] == '1' and known[2] ~= member and create_run(member, ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]) then
    redis.call('HSET', key('run', member), 'told', '1')
  end
  return known[2]
end

-- The retried run's cards name its newest retry, and their threads get a post for each one, even if they're sealed.
local function retried(parent, run_id, record)
  local run = key('run', parent)
  local before = redis.call('HMGET', run, 'rev', 'retried', 'sealed')
  if not before[1] then return end
  if not before[2] or cjson.decode(before[2]).run < tonumber(run_id) then
    redis.call('HSET', run, 'retried', record)
    redis.call('HINCRBY', run, 'rev', 1)
    dirty_all(parent, 'state')
  end
  if before[3] == '1' then
    redis.call('EXPIRE', run, RETENTION_S)
    redis.call('EXPIRE', key('run', parent, 'cards'), RETENTION_S)
  end
  for _, card in ipairs(cards_of(parent)) do
    local its = key('card', card)
    if redis.call('HEXISTS', its, 'team') == 1
      and push('posts', 'retried', channel_of(card), 'retried-' .. run_id .. '/' .. card, now()) then
      redis.call('HINCRBY', its, 'pending', 1)
      if redis.call('HDEL', its, 'sealed') == 1 then redis.call('EXPIRE', its, RETENTION_S) end
    end
  end
end

-- Whether the end of a run was handed over to the watches of its schedule before it was known who started it.
local function was_accounted(slug, run_id)
  if redis.call('HEXISTS', key('discovery', 'ended', slug), run_id) == 1 then return true end
  local ledger = read_facts(redis.call('HGET', key('discovery', 'of', slug), 'ledger'))
  for _, final in ipairs(ledger.final or {}) do
    if final[1] == tonumber(run_id) then return true end
  end
  return false
end

redis.call('HSET', hash, 'state', 'settled', 'run', member)
record_start('started', id, nil, nil, ARGV[14])
redis.call('HINCRBY', hash, 'rev', 1)
redis.call('ZREM', key('due', 'requests'), id)
if redis.call('GET', lock) == id then redis.call('DEL', lock) end
redis.call('EXPIRE', hash, RETENTION_S)
if not create_run(member, ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]) then
  -- Before the run was found, somebody followed it or asked to cancel it by its number: the run's record doesn't say
  -- who started it.
  tell_more(member, ARGV[5], ARGV[9], ARGV[10])
  list_failure(member, list_of_asker(ARGV[5]))
end
if ARGV[12] == '1' then redis.call('HSET', key('run', member), 'told', '1') end
if known[3] then
  local other = redis.call('HGET', key('run', member, 'cards'), channel_of(known[3]))
  if other and other ~= known[3] then
    -- The run is already followed in this channel: the start's own card says so, and shows nothing more.
    redis.call('EXPIRE', key('card', known[3]), RETENTION_S)
  else
    attach(member, known[3])
    -- Discovery follows runs as well, and may have seen the end of this one before it was found.
    if not other then tell_end(member, known[3]) end
  end
  dirty(known[3], 'state')
  habit(ARGV[5], channel_of(known[3]))
elseif known[4] then
  -- The incident's message shows this run. Its end is counted even if discovery finds the run only afterward. If
  -- the end was counted before the run was known to be this start's, the person who asked is notified too.
  local channel, slug = string.match(known[4], '^([^:]*):(.*)$')
  if redis.call('HGET', key('run', member), 'concluded') == '1' then
    tell_asker(id)
  elseif was_accounted(slug, ARGV[14]) then
    redis.call('HSET', key('run', member), 'accounted', '1')
  end
  if redis.call('EXISTS', key('discovery', 'of', slug)) == 1 then
    redis.call('HSETNX', key('run', member), 'discovered', slug)
  end
  if redis.call('HGET', key('run', member), 'final') ~= '1' then
    enlist(key('active', 'channel:' .. channel), member, ACTIVE_MOST, ACTIVE_S)
  end
  habit(ARGV[5], channel)
end
touch_incident_of(id)
if ARGV[13] ~= '' then retried(ARGV[13], ARGV[14], ARGV[15]) end
local queue = redis.call('HGET', hash, 'line')
if queue then call_next(queue) end
return 'settled'
