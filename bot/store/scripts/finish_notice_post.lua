-- Records the post of a notice. ARGV: class, channel, item, token, name, ts or why it was dropped, team ('' if it was),
-- shown revision. Returns 'ok', or the existing record if another process has posted it.
local class, channel, item, name = ARGV[3], ARGV[4], ARGV[5], ARGV[7]
local hash, items = key('notice', channel, name), key('posts', class, channel)
posted_in(channel)
local finished = finish_attempt(hash, 'post', items, item, ARGV[8])
if finished then return finished end
if ARGV[9] ~= '' then
  local card = ARGV[9] .. ':' .. channel .. ':' .. ARGV[8]
  redis.call('HSET', hash, 'ts', ARGV[8], 'team', ARGV[9])
  redis.call('HSET', key('card', card), 'team', ARGV[9], 'notice', channel .. ':' .. name, 'shown', ARGV[10])
  redis.call('EXPIRE', key('card', card), math.max(1, redis.call('TTL', hash)))
  if newest_rev(key('card', card)) ~= ARGV[10] then dirty(card, 'incident') end
end
return 'ok'
