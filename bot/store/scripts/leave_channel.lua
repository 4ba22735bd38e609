-- Ends the checks of a channel that has no watch anymore. ARGV: channel, token. Returns 1, or 0 if it has a watch again
-- or the claim was lost.
local channel, due = ARGV[3], key('due', 'channels')
if not owns(due, channel, ARGV[4]) then return 0 end
for _, name in ipairs(redis.call('HKEYS', key('standing'))) do
  if string.match(name, '^(.*):%d+$') == channel then return 0 end
end
redis.call('ZREM', due, channel)
redis.call('DEL', key('away', channel), key('incident', 'behind', channel))
return 1
