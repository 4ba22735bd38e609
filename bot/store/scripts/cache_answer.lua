-- Caches an answer under a name, unless the name was invalidated so recently that the answer may be older. ARGV: name,
-- text, lifetime in milliseconds
if redis.call('EXISTS', key('told', ARGV[3], 'changed')) == 1 then return 0 end
redis.call('SET', key('told', ARGV[3]), ARGV[4], 'PX', ARGV[5])
return 1
