-- Stops a live log. ARGV: live log, channel. Returns 1, or 0 if there was no live log.
redis.call('ZREM', key('due', 'follows'), ARGV[3])
redis.call('ZREM', key('posts', 'follow', ARGV[4]), 'follow/' .. ARGV[3])
return redis.call('DEL', key('follow', ARGV[3]))
