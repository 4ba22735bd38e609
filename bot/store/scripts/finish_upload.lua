-- Records that a file was posted (outcome 'ok') or never will be. ARGV: upload, class, channel, item, token, outcome.
-- Returns 'ok', or the existing record if another process has posted it.
local record, items = key('upload', ARGV[3]), key('posts', ARGV[4], ARGV[5])
posted_in(ARGV[5])
redis.call('ZREM', items, ARGV[6])
local before = post_done(record, 'post')
if before then return before end
if redis.call('EXISTS', record) == 1 then redis.call('HSET', record, 'post', 'done:' .. ARGV[8]) end
return 'ok'
