-- Records the card of a start. ARGV: id, class, channel, item, token, team, channel of the card, ts
-- Gives 'ok', or 'lost' where another message is its card, or none may be. Whoever found or posted it first counts,
-- lease or not: a later holder finds the same message.
local id, class, channel, item = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local hash, items = key('req', id), key('posts', class, channel)
posted_in(channel)
local card = table.concat({ARGV[8], ARGV[9], ARGV[10]}, ':')
local known = redis.call('HMGET', hash, 'state', 'card')
if known[2] == card then return 'ok' end
-- What waits for its turn, or for somebody's approval, goes on waiting; the others are to be sent.
local queued, pending = known[1] == 'queued', known[1] == 'pending'
if known[1] ~= 'looked' and not queued and not pending then return 'lost' end
redis.call('HSET', hash, 'state', (queued or pending) and known[1] or 'carded', 'card', card, 'post', 'done:' .. ARGV[10])
if pending then redis.call('HSETNX', hash, 'pending_us', num(now())) end
redis.call('HSET', key('card', card), 'team', ARGV[8], 'request', id, 'shown', 'req:' .. redis.call('HGET', hash, 'rev'))
redis.call('ZREM', items, item)
waits_no_more(id, channel)
redis.call('ZADD', key('due', queued and 'queue' or 'requests'), num(now()), id)
return 'ok'
