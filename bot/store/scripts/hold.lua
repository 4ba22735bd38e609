-- Obeys a Retry-After for every replica. ARGV: what (a due set or a Slack method), for how long in us.
local until_us = now() + tonumber(ARGV[4])
local before = tonumber(redis.call('GET', key('hold', ARGV[3])) or '0')
redis.call('SET', key('hold', ARGV[3]), num(math.max(before, until_us)), 'PX', num(math.ceil(tonumber(ARGV[4]) / 1000) + 1000))
return num(until_us)
