-- Stores a request to cancel a run, once. A run (or card) that isn't on record is created from the data in the person's
-- button. ARGV: run member, wish, facts, seen, state, digest, usual_s, began_s, card or ''. Returns {'new' | 'already'
-- | 'final', the wish or state on record}
-- `bot.flows.cancel` carries it out.
local member, card = ARGV[3], ARGV[11]
local run = key('run', member)
if redis.call('HGET', run, 'final') == '1' then return {'final', redis.call('HGET', run, 'state')} end
create_run(member, ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10])
if card ~= '' and redis.call('EXISTS', key('card', card)) == 0
  and redis.call('HEXISTS', key('run', member, 'cards'), channel_of(card)) == 0 then
  attach(member, card)
  redis.call('HSET', key('card', card), 'shown', '')
end
local earlier = redis.call('HGET', run, 'wish')
if earlier then return {'already', earlier} end
redis.call('HSET', run, 'wish', ARGV[4], 'tries', '0')
redis.call('HINCRBY', run, 'rev', 1)
redis.call('ZADD', key('due', 'cancels'), num(now()), member)
redis.call('ZADD', key('due', 'polls'), 'LT', num(now()), member)
dirty_all(member, 'state')
return {'new', ARGV[4]}
