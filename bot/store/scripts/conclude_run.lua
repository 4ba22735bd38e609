-- Records how a run ended, once: cards become final and posts to their threads are queued. ARGV: run member, token,
-- end, class of urgency, '1' if its log hasn't been read yet, the end for the watches of its schedule. Returns 'ok', 'lost'
-- or 'known'
local member, class = ARGV[3], ARGV[6]
local run, ends = key('run', member), key('due', 'ends')
if not owns(ends, member, ARGV[4]) then return 'lost' end
if redis.call('HGET', run, 'concluded') == '1' then
  redis.call('ZREM', ends, member)
  return 'known'
end
redis.call('HSET', run, 'concluded', '1', 'end', ARGV[5])
redis.call('HINCRBY', run, 'rev', 1)
-- If the run ended before an absence, its end may already have been posted without a trace in this data. The thread is
-- then searched before the end is posted, as if an attempt to post it were on record.
local final_us = tonumber(redis.call('HGET', run, 'final_us') or num(now()))
if final_us < absence_ended() then redis.call('HSETNX', run, 'unseen_us', num(final_us)) end
local unseen_us = redis.call('HGET', run, 'unseen_us')
record_end(member, redis.call('HGET', run, 'state'))
delist(member, class == 'fail' and redis.call('HGET', run, 'restored') ~= '1')
for _, card in ipairs(cards_of(member)) do
  -- A card that couldn't be edited gets one more try for its end.
  redis.call('HDEL', key('card', card), 'unshowable')
  dirty(card, class)
  -- A card with `quiet` was recreated after its end had been announced: see restore_run.lua.
  if redis.call('HGET', key('card', card), 'quiet') ~= '1' then
    redis.call('HINCRBY', key('card', card), 'pending', ARGV[7] == '1' and 2 or 1)
    if unseen_us then redis.call('HSETNX', key('card', card), 'end', 'absent:' .. unseen_us) end
    push('posts', class, channel_of(card), 'end/' .. card, now())
  end
end
if ARGV[7] == '1' then
  redis.call('ZADD', ends, num(now() + 5000000), member)
else
  redis.call('ZREM', ends, member)
end
-- If the run was accounted for before its start was known, its asker wasn't told. If the earlier end is still waiting
-- to be accounted for, this end, which names the start, is accounted for instead.
local is_handed_over, waited = hand_over(member, ARGV[8])
local is_news = is_handed_over and (waited or redis.call('HEXISTS', run, 'accounted') == 0)
if not is_news and #cards_of(member) == 0 then
  local start = read_facts(redis.call('HGET', run, 'facts')).request
  if type(start) == 'string' then tell_asker(start) end
end
retire(member)
return 'ok'
