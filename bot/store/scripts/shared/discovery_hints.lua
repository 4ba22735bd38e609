-- Listings of schedules that hints ask for: `discovery:hinted` has the times at which listings are wanted, and
-- `discovery:hint_calls` the times of the requests that hints have caused in the last minute.
local HINT_REPEATS_S = {0, 2, 5, 15}
local HINT_GAP_US, HINT_CALLS_MOST, MINUTE_US = 2000000, 30, 60000000
local function hint_calls_left()
  local calls = key('discovery', 'hint_calls')
  redis.call('ZREMRANGEBYSCORE', calls, '-inf', num(now() - MINUTE_US))
  return HINT_CALLS_MOST - redis.call('ZCARD', calls)
end
local function count_hint_calls(count)
  local calls, at = key('discovery', 'hint_calls'), now()
  for number = 1, count do redis.call('ZADD', calls, num(at), num(at) .. ':' .. number) end
  redis.call('EXPIRE', calls, 120)
end
-- Returns when the next such listing may be made, nil if none is wanted.
local function hinted_listing_at()
  local first = redis.call('ZRANGE', key('discovery', 'hinted'), 0, 0, 'WITHSCORES')
  if #first == 0 then return nil end
  local due, left = tonumber(first[2]), hint_calls_left()
  local calls = key('discovery', 'hint_calls')
  local last = redis.call('ZRANGE', calls, -1, -1, 'WITHSCORES')
  if #last > 0 then due = math.max(due, tonumber(last[2]) + HINT_GAP_US) end
  if left < 1 then
    local oldest = redis.call('ZRANGE', calls, math.abs(left), math.abs(left), 'WITHSCORES')
    due = math.max(due, tonumber(oldest[2]) + MINUTE_US)
  end
  return due
end
