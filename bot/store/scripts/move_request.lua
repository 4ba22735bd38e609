-- Moves a request from one state to the next, if it's still in the first and the claim still holds. ARGV: id, token,
-- from, to, where next ('due', 'post' or 'end'), delay in microseconds, channel, class of edit or '', field, value, ...
-- Returns {'ok' | 'lost' | the state it's in, token}
local SHOWN_WITHIN_US = 3000000
local id, token, from, to, next_set = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
-- Starts that wait for an approval have a set of their own, and their cards a class of their own: an older version
-- doesn't know such starts and must read neither.
local set = key('due', (from == 'pending' or from == 'approved') and 'approvals' or 'requests')
local hash = key('req', id)
local state = redis.call('HGET', hash, 'state')
if not owns(set, id, token) then return {'lost', token} end
if not state then
  redis.call('ZREM', set, id)
  return {'gone', token}
end
if state ~= from then return {state, token} end

redis.call('HSET', hash, 'state', to)
if to == 'refused' then waits_no_more(id, ARGV[9]) end
for at = 11, #ARGV, 2 do redis.call('HSET', hash, ARGV[at], ARGV[at + 1]) end
if to == 'refused' then record_start('refused', id, nil, redis.call('HGET', hash, 'why')) end
if ARGV[10] ~= '' then
  redis.call('HINCRBY', hash, 'rev', 1)
  local card = redis.call('HGET', hash, 'card')
  if card then dirty(card, ARGV[10]) end
end
local shown = false
if to == 'looked' or to == 'pending' then shown = show_in_incident(id) else touch_incident_of(id) end

-- A start that leaves its queue without a run gives the next one its turn.
local queue = redis.call('HGET', hash, 'line')
if queue and not IN_QUEUE[to] then call_next(queue) end

local due = num(now() + tonumber(ARGV[8]))
if next_set == 'due' then
  if set ~= key('due', 'requests') then redis.call('ZREM', set, id) end
  redis.call('ZADD', key('due', 'requests'), due, id)
  return {'ok', due}
end
redis.call('ZREM', set, id)
if next_set == 'post' then
  -- The edit that shows the start in its incident's message comes first, and then makes this post due.
  local delay_us = to == 'looked' and shown and SHOWN_WITHIN_US or 0
  push('posts', to == 'pending' and 'ask' or 'start', ARGV[9], 'start/' .. id, now() + delay_us)
else
  redis.call('EXPIRE', hash, RETENTION_S)
  local card = redis.call('HGET', hash, 'card')
  if card then redis.call('EXPIRE', key('card', card), RETENTION_S) end
end
return {'ok', token}
