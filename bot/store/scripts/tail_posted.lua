-- Records that a live log's new lines were posted, and continues after them. ARGV: live log, class, channel, item,
-- token, number of the post, command, cursor, '1' if this was the last post, delay in microseconds. Returns 'ok',
-- 'known' or 'gone'.
local id, record, due = ARGV[3], key('follow', ARGV[3]), key('due', 'follows')
local items = key('posts', ARGV[4], ARGV[5])
posted_in(ARGV[5])
local posts = redis.call('HGET', record, 'posts')
if not posts then
  redis.call('ZREM', items, ARGV[6])
  return 'gone'
end
-- Another process has posted these lines, and the waiting item is for newer ones.
if posts ~= ARGV[8] then return 'known' end
redis.call('ZREM', items, ARGV[6])
if ARGV[11] == '1' then
  redis.call('DEL', record)
  redis.call('ZREM', due, id)
  return 'ok'
end
redis.call('HSET', record, 'command', ARGV[9], 'cursor', ARGV[10], 'posts', num(tonumber(posts) + 1),
  'posted_us', num(now()), 'refused', '0')
redis.call('HDEL', record, 'pending', 'post')
redis.call('ZADD', due, num(now() + tonumber(ARGV[12])), id)
return 'ok'
