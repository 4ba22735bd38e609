-- Records what a card shows, and removes it from the lane only if no newer revision is wanted. ARGV: card, token, shown
-- revision ('' if unknown), delay in microseconds, why it can never be shown or '', '1' if the whole channel refuses
-- edits. Returns 'done', 'again' or 'lost'
local card, token, shown = ARGV[3], ARGV[4], ARGV[5]
local hash, channel = key('card', card), channel_of(card)
local class = redis.call('HGET', hash, 'queued')
-- Slack counts an edit from when it arrives, which is between the claim of the edit and now. The bot counts it from
-- now, so that its sixty seconds never end before Slack's.
for _, edits in ipairs({'edits', 'count_edits'}) do
  redis.call('ZADD', key('budget', edits), 'XX', num(now()), num(tonumber(token)) .. ':' .. card)
end
if redis.call('HEXISTS', hash, 'team') == 0 then
  -- The card's record has expired, so there's nothing left to show.
  for name, _ in pairs(RANK) do redis.call('ZREM', key('edits', name, channel), card) end
  return 'done'
end
if not class or not owns(key('edits', class, channel), card, token) then
  -- Another process has edited this card at the same time. It isn't known which edit came last, so the card is edited
  -- again.
  redis.call('HSET', hash, 'shown', '')
  local links = redis.call('HMGET', hash, 'incident', 'outage', 'notice')
  dirty(card, (links[1] or links[2] or links[3]) and 'incident' or 'state')
  return 'lost'
end
local items = key('edits', class, channel)
if ARGV[7] ~= '' then
  redis.call('HSET', hash, 'unshowable', ARGV[7])
  if ARGV[8] ~= '1' then redis.call('HSET', hash, 'uneditable', '1') end
  -- Edits of the channel's other messages would be refused as well, and each would cost a slot of the budget.
  if ARGV[8] == '1' then give_up_edits(channel, ARGV[7], true) end
  if fall_behind(hash, channel) then redis.call('ZADD', key('due', 'channels'), 'XX', 'LT', num(now()), channel) end
end
if shown ~= '' then
  redis.call('HSET', hash, 'shown', shown)
  local about = redis.call('HMGET', hash, 'incident', 'outage')
  if about[1] or about[2] then
    redis.call('HSET', hash, 'retries_shown', shown)
    redis.call('HDEL', hash, 'uneditable')
  end
  if about[1] then message_shown(about[1]) end
  if about[2] then outage_shown(about[2]) end
end
if ARGV[7] ~= '' or (shown ~= '' and shown == newest_rev(hash)) then
  redis.call('ZREM', items, card)
  redis.call('HDEL', hash, 'queued')
  seal(card)
  return 'done'
end
local due = now() + tonumber(ARGV[6])
redis.call('ZADD', items, num(due), card)
redis.call('ZADD', key('edits', class), 'LT', num(due), channel)
return 'again'
