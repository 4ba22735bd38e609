-- Keeps what was told under a name, unless that has changed since it may have been asked for. ARGV: name, text, for how long in ms
if redis.call('EXISTS', key('told', ARGV[3], 'changed')) == 1 then return 0 end
redis.call('SET', key('told', ARGV[3]), ARGV[4], 'PX', ARGV[5])
return 1
