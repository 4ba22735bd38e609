-- Records the message about an end of quiet hours. ARGV: name, class, channel, item, token, ts or word. Returns 'ok',
-- or the existing record if another process has posted it.
local record, items = key('quiet', ARGV[5], ARGV[3]), key('posts', ARGV[4], ARGV[5])
posted_in(ARGV[5])
local before = post_done(record, 'post')
if before then return before end
redis.call('HSET', record, 'post', 'done:' .. ARGV[8])
redis.call('EXPIRE', record, '3600')
redis.call('ZREM', items, ARGV[6])
return 'ok'
