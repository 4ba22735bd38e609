-- Records that the message about what happened while the bot was away from a channel was posted, or that there's
-- nothing to post. ARGV: class, channel, item, token, ts or word. Returns 'ok', or the existing record if another
-- process has posted it.
local class, channel, item = ARGV[3], ARGV[4], ARGV[5]
local hash, items = key('back', channel), key('posts', class, channel)
posted_in(channel)
local before = post_done(hash, 'post')
if before then return before end
redis.call('ZREM', items, item)
redis.call('HSET', hash, 'post', 'done:' .. ARGV[7])
redis.call('EXPIRE', hash, '3600')
return 'ok'
