-- Records that a run is to be watched in a channel. ARGV: channel, run member, body
-- Gives {'new', ''}, {'known', the body on record} or {'card', its card there}. Of a run that is over it is recorded, too:
-- that there is nothing to watch is told by whoever claims it, also where this process ends at once.
local channel, member = ARGV[3], ARGV[4]
local run, cards, watch = key('run', member), key('run', member, 'cards'), key('watch', channel, member)

local card = redis.call('HGET', cards, channel)
if card then
  -- A card that someone has deleted gives its place to a new one.
  if redis.call('HGET', key('card', card), 'unshowable') ~= 'message_not_found' then return {'card', card} end
  redis.call('HDEL', cards, channel)
  if redis.call('HGET', run, 'owner') == card then
    local other = cards_of(member)[1]
    if other then redis.call('HSET', run, 'owner', other) else redis.call('HDEL', run, 'owner') end
  end
  redis.call('EXPIRE', key('card', card), RETENTION_S)
end
local state = redis.call('HGET', watch, 'state')
if state == 'asked' or state == 'looked' then return {'known', redis.call('HGET', watch, 'body')} end

redis.call('DEL', watch)
redis.call('HSET', watch, 'body', ARGV[5], 'state', 'asked', 'asked_us', num(now()))
-- Whatever becomes of it, and of its card's post.
redis.call('EXPIRE', watch, DAY_S)
redis.call('ZADD', key('due', 'watches'), num(now()), channel .. '/' .. member)
return {'new', ''}
