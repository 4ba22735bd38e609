-- Queues a channel's digest for a date, once, and makes the channel due again. ARGV: channel, token, date ('' for
-- none), when it's due again in microseconds. Returns 1, or 0 if the claim was lost.
local channel, day, due = ARGV[3], ARGV[5], key('due', 'reports')
if not owns(due, channel, ARGV[4]) then return 0 end
local record = key('report', channel, day)
if day ~= '' and redis.call('HSETNX', record, 'queued', '1') == 1 then
  redis.call('EXPIRE', record, num(8 * DAY_S))
  push('posts', 'report', channel, 'report/' .. day .. '/' .. channel, now())
end
redis.call('ZADD', due, ARGV[6], channel)
return 1
