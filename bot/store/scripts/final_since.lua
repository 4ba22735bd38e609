-- Returns how long ago a run was first seen to be over, in microseconds, or 0 if it isn't over. ARGV: run member.
local final_us = redis.call('HGET', key('run', ARGV[3]), 'final_us')
return num(final_us and math.max(0, now() - tonumber(final_us)) or 0)
