-- Splits an end batch that couldn't be posted: each end gets its own post. ARGV: end batch, class, channel, item,
-- token, then for each card: its id, its class of urgency. Returns 1 or 0.
local items = key('posts', ARGV[4], ARGV[5])
if not owns(items, ARGV[6], ARGV[7]) then return 0 end
redis.call('ZREM', items, ARGV[6])
redis.call('DEL', key('digest', ARGV[3]))
for at = 8, #ARGV, 2 do push('posts', ARGV[at + 1], ARGV[5], 'end/' .. ARGV[at], now()) end
return 1
