-- Invalidates a cached name. ARGV: name, how long an answer to an earlier question may still arrive, in s
redis.call('SET', key('told', ARGV[3], 'changed'), '1', 'EX', ARGV[4])
return redis.call('DEL', key('told', ARGV[3]))
