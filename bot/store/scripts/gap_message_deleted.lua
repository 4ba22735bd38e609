-- Posts a new message about a gap instead of one that was deleted. ARGV: card, channel, number, ts, '1' if a new one is
-- wanted.
local card, channel, number = ARGV[3], ARGV[4], ARGV[5]
local hash = key('gap', 'in', channel, number)
local class = redis.call('HGET', key('card', card), 'queued')
if class then redis.call('ZREM', key('edits', class, channel), card) end
redis.call('DEL', key('card', card))
if redis.call('HGET', hash, 'ts') ~= ARGV[6] then return 0 end
redis.call('HDEL', hash, 'ts', 'post-0')
if ARGV[7] == '1' then push('posts', 'opening', channel, 'gap/0/' .. channel .. '/' .. number, now()) end
return 1
