-- Sets aside runs for which Bolt returns only an error: they're polled one by one, less and less often. ARGV: set that
-- they are claimed from, token, min delay in microseconds, max delay in microseconds, lost after in microseconds,
-- members...
-- Returns a word for each member: 'stray', 'lost' (if Bolt has returned errors for too long, and it's still claimed),
-- 'gone' or 'not ours'
-- The delays are in `bot.core.runs.stray_rule`.
local set, strays, at, out = key('due', ARGV[3]), key('due', 'strays'), now(), {}
local least, most, lost_after = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

local function stray(member)
  local run = key('run', member)
  if not owns(set, member, ARGV[4]) then return 'not ours' end
  if redis.call('EXISTS', run) == 0 or redis.call('HGET', run, 'final') == '1' then
    redis.call('ZREM', set, member)
    return 'gone'
  end
  redis.call('HSETNX', run, 'unknown_us', num(at))
  local age = at - tonumber(redis.call('HGET', run, 'unknown_us'))
  if age >= lost_after then return 'lost' end
  redis.call('ZREM', set, member)
  redis.call('ZADD', strays, num(at + math.min(most, math.max(least, age / 20))), member)
  return 'stray'
end

for number = 8, #ARGV do out[#out + 1] = stray(ARGV[number]) end
return out
