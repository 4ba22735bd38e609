-- Removes a watch. ARGV: its name (channel:number), then the audit entry's fields and values. Returns 1, or 0 if it's
-- gone. Without any watch, discovery ends.
local standing = key('standing')
if redis.call('HDEL', standing, ARGV[3]) == 0 then return 0 end
watches_changed()
local channel = string.match(ARGV[3], '^(.*):%d+$')
look_unless_watched(channel)
gap_message_due(channel)
record_watch(string.match(ARGV[3], ':(%d+)$'), 4)
if redis.call('EXISTS', standing) == 0 then end_discovery() end
return 1
