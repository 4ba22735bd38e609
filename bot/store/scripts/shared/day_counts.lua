-- Daily counts, for digests.
local DAY_S = 86400
-- Adds 1 to each of these daily counts. `counts` is JSON: a list of [day, name, field].
local function count_all(counts)
  for _, count in ipairs(cjson.decode(counts)) do
    local counted = key('discovery', 'counted', count[1], count[2])
    redis.call('HINCRBY', counted, count[3], 1)
    redis.call('EXPIRE', counted, num(36 * DAY_S))
  end
end
