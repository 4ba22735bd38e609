-- Records that an outage's message can't be edited anymore: from now on, changes go to its thread. ARGV: channel,
-- number, ts, the time of the newest known end in microseconds. Returns 1, or 0 if that was already recorded or if
-- the outage has another message.
local channel, number = ARGV[3], ARGV[4]
local hash = key('outage', channel, number)
if redis.call('HGET', hash, 'ts') ~= ARGV[5] or redis.call('HEXISTS', hash, 'fixed_us') == 1 then return 0 end
redis.call('HSET', hash, 'fixed_us', ARGV[6])
want_outage_line(channel, number, 'soon')
return 1
