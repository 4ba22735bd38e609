-- Records that an incident's message was deleted: a new one is posted with the current state, unless nothing is to be
-- posted now. ARGV: card, token, channel, schedule, ts, '1' to post a new one. Returns 1, or 0 if the incident has
-- another message by now.
local card, channel, slug = ARGV[3], ARGV[5], ARGV[6]
local record, hash = key('card', card), key('incident', channel, slug)
local class = redis.call('HGET', record, 'queued')
if class then redis.call('ZREM', key('edits', class, channel), card) end
redis.call('DEL', record)
if redis.call('HGET', hash, 'ts') ~= ARGV[7] then return 0 end
local serial = redis.call('HGET', hash, 'serial') or ''
redis.call('HDEL', hash, 'ts', 'post-' .. serial)
if ARGV[8] == '1' then push('posts', 'opening', channel, 'incident/0/' .. channel .. '/' .. slug, now()) end
return 1
