-- Completes a gap once everything that it hid has been found, or has been searched for long enough. Each
-- watching channel gets its account. ARGV: number, token. Returns 1, or 0 if the claim was lost.
local number = ARGV[3]
if not owns(key('due', 'gaps'), number, ARGV[4]) then return 0 end
redis.call('ZREM', key('due', 'gaps'), number)
if redis.call('HGET', key('gap', number), 'state') ~= 'collecting' then return 0 end
change_gap(number, {'state', 'complete'})
for _, channel in ipairs(watching_channels()) do
  redis.call('ZADD', key('due', 'gaps'), num(now()), channel .. ':' .. number)
end
-- Channels whose watches are paused get no account: their withheld reports are listed in a message, as they are after
-- quiet hours.
for _, channel in ipairs(redis.call('ZRANGE', key('due', 'quiet'), 0, -1)) do
  if not account_comes(channel) then redis.call('ZADD', key('due', 'quiet'), 'LT', num(now()), channel) end
end
return 1
