-- Records which causes get a post in an outage's thread, and queues those posts. ARGV: channel, number, the posts so
-- far, the posts with the new ones, numbers of the new ones... Returns 1, or 0 if another process has added posts.
local channel, number = ARGV[3], ARGV[4]
local hash = key('outage', channel, number)
if (redis.call('HGET', hash, 'posts') or '') ~= ARGV[5] then return 0 end
redis.call('HSET', hash, 'posts', ARGV[6])
for at = 7, #ARGV do
  push('posts', 'line', channel, 'outage/' .. ARGV[at] .. '/' .. channel .. '/' .. number, now())
end
return 1
