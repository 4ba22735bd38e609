-- Follows a log no longer. ARGV: following, channel. Gives 1, or 0 where nothing was followed.
redis.call('ZREM', key('due', 'follows'), ARGV[3])
redis.call('ZREM', key('posts', 'follow', ARGV[4]), 'follow/' .. ARGV[3])
return redis.call('DEL', key('follow', ARGV[3]))
