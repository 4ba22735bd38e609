-- Queues the post of a log that was missing at the run's end and has arrived, or never will. ARGV: run member, token,
-- end, the end for the watches of its schedule.
local member, ends = ARGV[3], key('due', 'ends')
if not owns(ends, member, ARGV[4]) then return 0 end
redis.call('ZREM', ends, member)
redis.call('HSET', key('run', member), 'end', ARGV[5])
for _, card in ipairs(cards_of(member)) do
  if redis.call('HGET', key('card', card), 'quiet') ~= '1' then
    push('posts', 'log', channel_of(card), 'late/' .. card, now())
  end
end
hand_over(member, ARGV[6])
return 1
