-- Replaces a watch. ARGV: the watch's name (channel:number), body, then the audit entry's fields and values. Returns 1,
-- or 0 if it's gone.
local standing = key('standing')
if redis.call('HEXISTS', standing, ARGV[3]) == 0 then return 0 end
redis.call('HSET', standing, ARGV[3], ARGV[4])
watches_changed()
local channel = string.match(ARGV[3], '^(.*):%d+$')
check_soon(channel)
-- New options may resume a paused watch.
gap_message_due(channel)
record_watch(string.match(ARGV[3], ':(%d+)$'), 5)
return 1
