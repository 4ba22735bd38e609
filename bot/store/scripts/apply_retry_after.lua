-- Applies a Retry-After for every replica. ARGV: what it applies to (a due set or a Slack method), how long it
-- applies, in microseconds.
local until_us = now() + tonumber(ARGV[4])
local before = tonumber(redis.call('GET', key('hold', ARGV[3])) or '0')
local held_us = math.max(before, until_us)
redis.call('SET', key('hold', ARGV[3]), num(held_us), 'PX', num(math.ceil((held_us - now()) / 1000) + 1000))
return num(held_us)
