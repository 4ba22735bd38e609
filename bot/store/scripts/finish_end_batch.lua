-- Records that an end batch was posted: many ends as one message. ARGV: end batch, class, channel, item, token, ts,
-- then for each card: its id, '1' if the log of its failure is still to be posted. Returns 'ok', or the existing record
-- if it was already posted.
local record, items = key('digest', ARGV[3]), key('posts', ARGV[4], ARGV[5])
posted_in(ARGV[5])
local before = post_done(record, 'post')
if before then return before end
redis.call('HSET', record, 'post', 'done:' .. ARGV[8])
redis.call('EXPIRE', record, '3600')
redis.call('ZREM', items, ARGV[6])
for at = 9, #ARGV, 2 do
  local card = ARGV[at]
  local hash = key('card', card)
  if not post_done(hash, 'end') and redis.call('EXISTS', hash) == 1 then
    redis.call('HSET', hash, 'end', 'done:' .. ARGV[8])
    redis.call('HINCRBY', hash, 'pending', -1)
    if ARGV[at + 1] == '1' and not redis.call('HGET', hash, 'late')
      and push('posts', 'log', ARGV[5], 'late/' .. card, now()) then
      redis.call('HINCRBY', hash, 'pending', 1)
    end
    seal(card)
  end
end
return 'ok'
