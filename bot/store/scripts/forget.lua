-- What was told under a name has changed. ARGV: name, for how long an answer to an earlier question may still come, in s
redis.call('SET', key('told', ARGV[3], 'changed'), '1', 'EX', ARGV[4])
return redis.call('DEL', key('told', ARGV[3]))
