-- Records what a card shows, and lets it leave the lane only if nothing has moved on. ARGV: card, token, shown revision
-- ('' if nothing is known to be shown), delay in us, why it can never be shown or ''. Gives 'done', 'again' or 'lost'
local card, token, shown = ARGV[3], ARGV[4], ARGV[5]
local hash, channel = key('card', card), channel_of(card)
local class = redis.call('HGET', hash, 'queued')
-- Slack counts an edit from when it arrives, which is between its claim and now: an edit counts from now on, so that sixty
-- seconds of ours are never less than sixty of Slack's.
redis.call('ZADD', key('budget', 'edits'), 'XX', num(now()), num(tonumber(token)) .. ':' .. card)
if redis.call('HEXISTS', hash, 'team') == 0 then
  -- Its record has expired: nothing is left to be shown.
  for name, _ in pairs(RANK) do redis.call('ZREM', key('edits', name, channel), card) end
  return 'done'
end
if not class or not owns(key('edits', class, channel), card, token) then
  -- Someone else edits or edited this card meanwhile: nobody knows whose edit was the last, so it is edited again.
  redis.call('HSET', hash, 'shown', '')
  dirty(card, 'state')
  return 'lost'
end
local items = key('edits', class, channel)
if ARGV[7] ~= '' then redis.call('HSET', hash, 'unshowable', ARGV[7]) end
if shown ~= '' then redis.call('HSET', hash, 'shown', shown) end
if ARGV[7] ~= '' or (shown ~= '' and shown == wanted(hash)) then
  redis.call('ZREM', items, card)
  redis.call('HDEL', hash, 'queued')
  seal(card)
  return 'done'
end
local due = now() + tonumber(ARGV[6])
redis.call('ZADD', items, num(due), card)
redis.call('ZADD', key('edits', class), 'LT', num(due), channel)
return 'again'
