-- Records a post of an outage. ARGV: class, channel, item, token, number, field of its attempts, ts or word, team and
-- shown revision of the message ('' and '' for a thread post), how many more people were notified, the file that
-- follows it in the thread ('file-<number>-<run>') or '', and how many changes a line about its state shows or ''.
-- Returns 'ok', or the existing record if another process has posted it.
local class, channel, item, number, field = ARGV[3], ARGV[4], ARGV[5], ARGV[7], ARGV[8]
local hash, items = key('outage', channel, number), key('posts', class, channel)
posted_in(channel)
local finished = finish_attempt(hash, field, items, item, ARGV[9])
if finished then return finished end
if (ARGV[13] or '') ~= '' then
  push('posts', 'attached', channel, 'outage/' .. ARGV[13] .. '/' .. channel .. '/' .. number, now())
end
if (ARGV[14] or '') ~= '' then
  redis.call('HSET', hash, 'line_us', num(now()))
  local known = redis.call('HMGET', hash, 'changes', 'fixed_us')
  if known[2] and tonumber(known[1]) > tonumber(ARGV[14]) then push_outage_line(channel, number, now() + LINE_GAP_US) end
end
if ARGV[12] ~= '0' then redis.call('HINCRBY', hash, 'mentions', ARGV[12]) end
if ARGV[10] ~= '' then
  local card = ARGV[10] .. ':' .. channel .. ':' .. ARGV[9]
  redis.call('HSET', hash, 'ts', ARGV[9], 'team', ARGV[10])
  redis.call('HSET', key('card', card), 'team', ARGV[10], 'outage', channel .. ':' .. number, 'shown', ARGV[11],
    'retries_shown', ARGV[11], 'counted_us', num(now()))
  redis.call('EXPIRE', key('card', card), RETENTION_S)
  outage_shown(channel .. ':' .. number)
  if newest_rev(key('card', card)) ~= ARGV[11] then dirty_outage(card) end
end
return 'ok'
