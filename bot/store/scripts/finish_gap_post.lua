-- Records a post about a gap. ARGV: class, channel, item, number, field of its attempts, ts or word, team and shown
-- revision of the message ('' and '' for a post in its thread). Returns 'ok', or the existing record if another process
-- has posted it.
local class, channel, item, number, field = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local hash, items = key('gap', 'in', channel, number), key('posts', class, channel)
posted_in(channel)
local finished = finish_attempt(hash, field, items, item, ARGV[8])
if finished then return finished end
if ARGV[9] ~= '' then
  local card = ARGV[9] .. ':' .. channel .. ':' .. ARGV[8]
  redis.call('HSET', hash, 'ts', ARGV[8])
  redis.call('HSET', key('card', card), 'team', ARGV[9], 'gap', channel .. ':' .. number, 'shown', ARGV[10])
  redis.call('EXPIRE', key('card', card), RETENTION_S)
  if newest_rev(key('card', card)) ~= ARGV[10] then dirty(card, 'incident') end
end
return 'ok'
