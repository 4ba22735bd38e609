-- Records that an outage's message was deleted: a new one is posted with the current state. ARGV: card,
-- channel, number, ts, '1' to post a new one. Returns 1, or 0 if the outage has a different message.
local card, channel, number = ARGV[3], ARGV[4], ARGV[5]
local record, hash = key('card', card), key('outage', channel, number)
local class = redis.call('HGET', record, 'queued')
if class then redis.call('ZREM', key('edits', class, channel), card) end
redis.call('DEL', record)
if redis.call('HGET', hash, 'ts') ~= ARGV[6] then return 0 end
redis.call('HDEL', hash, 'ts', 'post-0')
if ARGV[7] == '1' then push('posts', 'opening', channel, 'outage/0/' .. channel .. '/' .. number, now()) end
return 1
