-- Records which schedules are late. ARGV: token, number of schedules, then for each: slug, its slots as they were
-- loaded and as they are now ('' for none), delay to the next look in microseconds ('' if there's none); number of
-- channels, then for each: channel, its late schedules as they were loaded and as they are now ('' for none); number of
-- notices, then their rows (see shared/notices.lua). Returns 'ok', or 'again' if anything has changed since it was
-- loaded: then nothing is done.
-- `bot.core.watching.late` decides when a schedule counts as late.
local token, due, slots = ARGV[3], key('due', 'late'), key('discovery', 'slots')
local schedules, first = tonumber(ARGV[4]), 5
local boards = first + schedules * 4 + 1
local channels = tonumber(ARGV[boards - 1])
local rows = boards + channels * 3 + 1
local notices = tonumber(ARGV[rows - 1])

local function changed()
  for at = first, boards - 2, 4 do
    if not owns(due, ARGV[at], token) then return true end
    if (redis.call('HGET', slots, ARGV[at]) or '') ~= ARGV[at + 1] then return true end
  end
  for at = boards, rows - 2, 3 do
    if (redis.call('HGET', key('late'), ARGV[at]) or '') ~= ARGV[at + 1] then return true end
  end
  return notices_changed(rows, notices)
end
if changed() then return 'again' end

for at = first, boards - 2, 4 do
  if ARGV[at + 2] == '' then
    redis.call('HDEL', slots, ARGV[at])
  else
    redis.call('HSET', slots, ARGV[at], ARGV[at + 2])
  end
  if ARGV[at + 3] == '' then
    redis.call('ZREM', due, ARGV[at])
  else
    redis.call('ZADD', due, num(now() + tonumber(ARGV[at + 3])), ARGV[at])
  end
end
for at = boards, rows - 2, 3 do
  if ARGV[at + 2] == '' then
    redis.call('HDEL', key('late'), ARGV[at])
  else
    redis.call('HSET', key('late'), ARGV[at], ARGV[at + 2])
  end
end
store_notices(rows, notices)
return 'ok'
