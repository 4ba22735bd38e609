-- Adds an entry to the audit log, which is capped by count and age. ARGV: max entries, max age in microseconds, field,
-- value, ... Returns the entry's id
local fields = {}
for at = 5, #ARGV do fields[#fields + 1] = ARGV[at] end
redis.call('SET', key('audit', 'most'), ARGV[3])
local id = redis.call('XADD', key('audit'), 'MAXLEN', '~', ARGV[3], '*', unpack(fields))
redis.call('XTRIM', key('audit'), 'MINID', '~', num((now() - tonumber(ARGV[4])) / 1000))
return id
