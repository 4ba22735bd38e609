-- Records that someone wants a file posted, once per file and channel. ARGV: upload, run member, channel, body, max
-- waiting in a channel, for how long it's stored in s, '1' if the thread gets this file anyway. Returns {'new' |
-- 'known' | 'done' | 'full', card or ''}
-- The limit is `WAITING_MOST` in `bot.flows.logs`.
local id, channel = ARGV[3], ARGV[5]
local record, items = key('upload', id), key('posts', 'file', channel)
local card = redis.call('HGET', key('run', ARGV[4], 'cards'), channel) or ''
local post = redis.call('HGET', record, 'post') or ''
if string.sub(post, 1, 7) == 'done:ok' then return {'done', card} end
if redis.call('ZSCORE', items, 'upload/' .. id) then return {'known', card} end
if ARGV[9] == '1' and card ~= '' then
  -- A lowercase word on record means that the file couldn't be posted, so this request tries again.
  if string.find(redis.call('HGET', key('card', card), 'file') or '', '^done:[F%d]') then return {'done', card} end
  if redis.call('ZSCORE', key('posts', 'log', channel), 'file/' .. card) then return {'known', card} end
end
if redis.call('ZCARD', items) >= tonumber(ARGV[7]) then return {'full', card} end
redis.call('DEL', record)
redis.call('HSET', record, 'body', ARGV[6], 'card', card, 'asked_us', num(now()))
redis.call('EXPIRE', record, ARGV[8])
push('posts', 'file', channel, 'upload/' .. id, now())
return {'new', card}
