-- Daily counts, for digests.
local DAY_S = 86400
-- Adds to the daily counts. `counts` is JSON: day, name and field of each.
local function count_all(counts)
  for _, count in ipairs(cjson.decode(counts)) do
    local counted = key('discovery', 'counted', count[1], count[2])
    redis.call('HINCRBY', counted, count[3], 1)
    redis.call('EXPIRE', counted, num(36 * DAY_S))
  end
end
