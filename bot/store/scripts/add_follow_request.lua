-- Records a request to follow a run in a channel. ARGV: channel, run member, body. Returns {'new', ''}, {'known', the
-- body on record} or {'card', its card there}. A request for a finished run is recorded too: the worker that claims it
-- replies that the run is over, even if this process ends at once.
local channel, member = ARGV[3], ARGV[4]
local run, cards, follow_request = key('run', member), key('run', member, 'cards'), key('watch', channel, member)

local card = redis.call('HGET', cards, channel)
if card then
  -- A card that was deleted is replaced with a new one.
  if redis.call('HGET', key('card', card), 'unshowable') ~= 'message_not_found' then return {'card', card} end
  redis.call('HDEL', cards, channel)
  if redis.call('HGET', run, 'owner') == card then
    local other = cards_of(member)[1]
    if other then redis.call('HSET', run, 'owner', other) else redis.call('HDEL', run, 'owner') end
  end
  redis.call('EXPIRE', key('card', card), RETENTION_S)
end
local state = redis.call('HGET', follow_request, 'state')
if state == 'asked' or state == 'looked' then return {'known', redis.call('HGET', follow_request, 'body')} end

redis.call('DEL', follow_request)
redis.call('HSET', follow_request, 'body', ARGV[5], 'state', 'asked', 'asked_us', num(now()))
-- Long enough for any outcome of the request and of its card's post.
redis.call('EXPIRE', follow_request, DAY_S)
redis.call('ZADD', key('due', 'watches'), num(now()), channel .. '/' .. member)
return {'new', ''}
