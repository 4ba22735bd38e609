-- Records the card of a start. ARGV: id, class, channel, item, token, team, channel of the card, ts. Returns 'ok', or
-- 'lost' if another message is its card or if it may not have one. The first process to find or post the message
-- counts, lease or not: a later holder finds the same message.
local id, class, channel, item = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local hash, items = key('req', id), key('posts', class, channel)
posted_in(channel)
local card = table.concat({ARGV[8], ARGV[9], ARGV[10]}, ':')
local known = redis.call('HMGET', hash, 'state', 'card', 'denied_by')
if known[2] == card then return 'ok' end
-- Starts that wait for their turn or for an approval keep waiting; the others are sent. A decision may have been made
-- on this card before the card was recorded, so the card doesn't show the decision yet.
local to = {looked = 'carded', queued = 'queued', pending = 'pending', approved = 'approved'}
if known[3] and not known[2] then to.refused, to.closed = 'refused', 'closed' end
local state = to[known[1]]
if not state then return 'lost' end
redis.call('HSET', hash, 'state', state, 'card', card, 'post', 'done:' .. ARGV[10])
if state == 'pending' then redis.call('HSETNX', hash, 'pending_us', num(now())) end
redis.call('HSET', key('card', card), 'team', ARGV[8], 'request', id, 'shown', 'req:' .. redis.call('HGET', hash, 'rev'))
if state == 'approved' or known[3] then
  redis.call('HSET', key('card', card), 'shown', 'req:0')
  dirty(card, 'state')
end
if known[3] then redis.call('EXPIRE', key('card', card), RETENTION_S) end
redis.call('ZREM', items, item)
waits_no_more(id, channel)
local sets = {carded = 'requests', queued = 'queue', pending = 'approvals', approved = 'approvals', refused = 'requests'}
if sets[state] then redis.call('ZADD', key('due', sets[state]), num(now()), id) end
return 'ok'
