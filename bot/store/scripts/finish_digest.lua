-- Records a channel's digest, or its picture, as posted or given up. ARGV: date, class, channel, item, token, ts or
-- file or word, field of its attempts, what follows in its thread ('file-<date>') or ''. Returns 'ok', or the existing
-- record if another process has posted it.
local record, items, field = key('report', ARGV[5], ARGV[3]), key('posts', ARGV[4], ARGV[5]), ARGV[9]
posted_in(ARGV[5])
local before = post_done(record, field)
if before then return before end
redis.call('HSET', record, 'queued', '1', field, 'done:' .. ARGV[8])
redis.call('EXPIRE', record, num(8 * DAY_S))
redis.call('ZREM', items, ARGV[6])
if ARGV[10] ~= '' then push('posts', 'attached', ARGV[5], 'report/' .. ARGV[10] .. '/' .. ARGV[5], now()) end
return 'ok'
