-- Returns the schedules that a person runs most. ARGV: user, how many to skip, how many to return. Returns {how many
-- there are, slug, last channel:name, slug, ...}
local counts, places = key('habits', ARGV[3]), key('habits', ARGV[3], 'places')
local first = tonumber(ARGV[4])
local out = {num(redis.call('ZCARD', counts))}
for _, schedule in ipairs(redis.call('ZRANGE', counts, first, first + tonumber(ARGV[5]) - 1, 'REV')) do
  out[#out + 1], out[#out + 2] = schedule, redis.call('HGET', places, schedule) or ''
end
return out
