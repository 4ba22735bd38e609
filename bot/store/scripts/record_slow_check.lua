-- Records a check of whether a run is slow. ARGV: member, token, delay to the next check in microseconds ('' if there's
-- none), number of new notices, then their rows (see shared/notices.lua). Returns 1, or 0 if the claim was lost.
-- `bot.core.watching.slow` decides when a run counts as slow.
local member, due = ARGV[3], key('due', 'slow')
if not owns(due, member, ARGV[4]) then return 0 end
local first, notices = 7, tonumber(ARGV[6])
for row = first, first + notices * NOTICE_ROW - 1, NOTICE_ROW do
  -- Each run gets a notice that it's slow only once.
  if redis.call('EXISTS', key('notice', ARGV[row], ARGV[row + 1])) == 0 then store_notice(row) end
end
if ARGV[5] == '' then
  redis.call('ZREM', due, member)
else
  redis.call('ZADD', due, num(now() + tonumber(ARGV[5])), member)
end
return 1
