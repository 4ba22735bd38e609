-- Cards. An id is team:channel:ts; `queued` is the class of the edit lane that the card is in.
local function channel_of(card) return string.match(card, '^[^:]*:([^:]*):') end

-- The revision that a card should show.
local function newest_rev(hash)
  local links = redis.call('HMGET', hash, 'run', 'request', 'incident', 'outage', 'gap', 'notice')
  if links[6] then return 'note:' .. (redis.call('HGET', key('notice', links[6]), 'rev') or '0') end
  if links[5] then return 'gap:' .. (redis.call('HGET', key('gap', 'in', links[5]), 'rev') or '0') end
  if links[4] then return 'out:' .. (redis.call('HGET', key('outage', links[4]), 'rev') or '0') end
  if links[3] then return 'inc:' .. (redis.call('HGET', key('incident', links[3]), 'rev') or '0') end
  if links[1] then return 'run:' .. (redis.call('HGET', key('run', links[1]), 'rev') or '0') end
  if links[2] then return 'req:' .. (redis.call('HGET', key('req', links[2]), 'rev') or '0') end
  return ''
end

local function dirty(card, class)
  local hash = key('card', card)
  local known = redis.call('HMGET', hash, 'team', 'queued', 'unshowable')
  if not known[1] or known[3] then return end
  local channel, due = channel_of(card), now()
  local aside = redis.call('GET', key('aside', channel))
  if aside and not known[2] then
    redis.call('HSET', hash, 'unshowable', aside)
    return
  end
  if known[2] then
    if RANK[known[2]] <= RANK[class] then return end
    local items = key('edits', known[2], channel)
    -- A lease stays a lease in the more urgent class: a card never has two edits in progress at once.
    local score = redis.call('ZSCORE', items, card)
    if score then due = tonumber(score) end
    redis.call('ZREM', items, card)
  end
  redis.call('HSET', hash, 'queued', class)
  push('edits', class, channel, card, due)
end
