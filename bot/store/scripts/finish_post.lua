-- Records a thread post. ARGV: card, class, channel, item, token, field, ts or word, next item or ''. Returns 'ok', or
-- the existing record if another process has posted it.
local card, class, channel, item, field = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[8]
local hash, items = key('card', card), key('posts', class, channel)
posted_in(channel)
local before = post_done(hash, field)
if before then return before end
if redis.call('HEXISTS', hash, 'team') == 0 then
  -- The card's record has expired. Nothing is left to post, so remove the fields that this attempt has left.
  redis.call('DEL', hash)
  redis.call('ZREM', items, item)
  return 'ok'
end
redis.call('HSET', hash, field, 'done:' .. ARGV[9])
redis.call('ZREM', items, item)
redis.call('HINCRBY', hash, 'pending', -1)
-- The next item is queued once, whichever post it follows.
local kind = string.match(ARGV[10], '^[^/]+')
if kind and not redis.call('HGET', hash, kind) and push('posts', 'log', channel, ARGV[10], now()) then
  redis.call('HINCRBY', hash, 'pending', 1)
  -- The log's post is treated like the end itself: see conclude_run.lua.
  local unseen_us = redis.call('HGET', key('run', redis.call('HGET', hash, 'run') or ''), 'unseen_us')
  if unseen_us then redis.call('HSET', hash, kind, 'absent:' .. unseen_us) end
end
seal(card)
return 'ok'
