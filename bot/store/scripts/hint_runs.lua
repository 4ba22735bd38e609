-- Makes followed runs due now, or as soon as the minimum time between two hinted polls of a run allows. ARGV: that
-- time in microseconds, members... Returns how many runs were made due. A poll in progress loses its lease, because its
-- result may be older than the hint.
local at, gap, made = now(), tonumber(ARGV[3]), 0
for number = 4, #ARGV do
  local member = ARGV[number]
  local known = redis.call('HMGET', key('run', member), 'rev', 'final', 'hinted_us')
  if known[1] and known[2] ~= '1' then
    local due = math.max(at, tonumber(known[3] or '0') + gap)
    local moved = 0
    for _, set in ipairs({'polls', 'strays'}) do
      moved = moved + redis.call('ZADD', key('due', set), 'XX', 'LT', 'CH', num(due), member)
    end
    if moved > 0 then
      redis.call('HSET', key('run', member), 'hinted_us', num(due))
      made = made + 1
    end
  end
end
return made
