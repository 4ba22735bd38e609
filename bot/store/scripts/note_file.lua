-- Stores the id of an uploaded file before it's shared. A record that is gone, or was renamed in the meantime, isn't
-- created again, because nothing would remove it. ARGV: record key, field, file.
local hash = P .. ARGV[3]
if redis.call('EXISTS', hash) == 1 then redis.call('HSET', hash, ARGV[4], ARGV[5]) end
return 1
