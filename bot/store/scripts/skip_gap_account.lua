-- A channel gets no account of a gap, because all of its watches are paused: its withheld reports are listed in a
-- message, as they are after quiet hours. ARGV: channel, token, number. Returns 1, or 0 if the claim was lost.
local channel, due, member = ARGV[3], key('due', 'gaps'), ARGV[3] .. ':' .. ARGV[5]
if not owns(due, member, ARGV[4]) then return 0 end
redis.call('ZREM', due, member)
list_withheld_without_account(channel, ARGV[5])
return 1
