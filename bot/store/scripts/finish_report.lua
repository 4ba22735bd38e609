-- Records a channel's digest as posted or given up. ARGV: date, class, channel, item, token, ts or word. Returns 'ok', or
-- the existing record if another process has posted it.
local record, items = key('report', ARGV[5], ARGV[3]), key('posts', ARGV[4], ARGV[5])
posted_in(ARGV[5])
local before = redis.call('HGET', record, 'post') or ''
if string.sub(before, 1, 5) == 'done:' then return before end
redis.call('HSET', record, 'queued', '1', 'post', 'done:' .. ARGV[8])
redis.call('EXPIRE', record, num(8 * DAY_S))
redis.call('ZREM', items, ARGV[6])
return 'ok'
