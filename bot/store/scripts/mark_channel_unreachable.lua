-- Marks a channel as unreachable: for a while its cards aren't edited, and ends are sent to whoever asked. Cards that
-- wait for an edit are given up, unless an edit is under way. If it's watched, it's checked now. ARGV: channel, why, for how long in ms.
local channel, at = ARGV[3], now()
redis.call('SET', key('aside', channel), ARGV[4], 'PX', ARGV[5])
-- Refused posts are put back until then, and known by it.
redis.call('SET', key('aside', 'until', channel), num(at + tonumber(ARGV[5]) * 1000), 'PX', ARGV[5])
for class, _ in pairs(RANK) do
  local items = key('edits', class, channel)
  for _, card in ipairs(redis.call('ZRANGE', items, '-inf', num(at), 'BYSCORE')) do
    redis.call('ZREM', items, card)
    redis.call('HDEL', key('card', card), 'queued')
    redis.call('HSET', key('card', card), 'unshowable', ARGV[4])
    fall_behind(key('card', card), channel)
    seal(card)
  end
end
redis.call('ZADD', key('due', 'channels'), 'XX', 'LT', num(at), channel)
return 1
