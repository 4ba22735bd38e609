-- Expiry: when the records of a finished run and its cards begin to expire.
-- They expire after RETENTION_S, which is BOLT_BOT_RETENTION_DAYS.
local function cards_of(member)
  local ids = {}
  local found = redis.call('HGETALL', key('run', member, 'cards'))
  for at = 1, #found, 2 do ids[#ids + 1] = found[at + 1] end
  return ids
end

local function dirty_all(member, class)
  for _, card in ipairs(cards_of(member)) do dirty(card, class) end
end

-- A finished run's record is trimmed and expires once everything is posted, that is, when all of its cards are sealed.
local function retire(member)
  local run = key('run', member)
  if redis.call('HGET', run, 'concluded') ~= '1' then return end
  for _, card in ipairs(cards_of(member)) do
    local hash = key('card', card)
    if redis.call('EXISTS', hash) == 1 and redis.call('HGET', hash, 'sealed') ~= '1' then return end
  end
  redis.call('HSET', run, 'sealed', '1')
  redis.call('HDEL', run, 'digest')
  redis.call('EXPIRE', run, RETENTION_S)
  redis.call('EXPIRE', key('run', member, 'cards'), RETENTION_S)
end

-- A card is sealed when its final revision is shown (or can't be) and nothing is left to post in its thread.
local function seal(card)
  local hash = key('card', card)
  local state = redis.call('HMGET', hash, 'run', 'queued', 'pending', 'sealed')
  if not state[1] or state[2] or state[4] then return end
  if redis.call('HGET', key('run', state[1]), 'concluded') ~= '1' then return end
  if tonumber(state[3] or '0') > 0 then return end
  redis.call('HSET', hash, 'sealed', '1')
  redis.call('EXPIRE', hash, RETENTION_S)
  retire(state[1])
end
