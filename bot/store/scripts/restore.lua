-- Makes the record of a run and of its card again, from what the card's button carried. With `quiet` it is over and its end
-- has been told in its thread, so nothing is told there of it again. ARGV: run member, facts, seen, state, digest, usual_s,
-- began_s, card, '1' for quiet
local member, card, quiet = ARGV[3], ARGV[10], ARGV[11] == '1'
-- Without a digest the first poll finds something new: the end, which is read again for the card.
local made = create_run(member, ARGV[4], ARGV[5], ARGV[6], '', ARGV[8], ARGV[9])
-- One that goes on may be on record already, because of its card in another channel.
if not made and (quiet or redis.call('HGET', key('run', member), 'final') == '1') then return 0 end
if redis.call('EXISTS', key('card', card)) == 0
  and redis.call('HEXISTS', key('run', member, 'cards'), channel_of(card)) == 0 then
  attach(member, card)
  redis.call('HSET', key('card', card), 'shown', '')
  if quiet then redis.call('HSET', key('card', card), 'quiet', '1') end
end
-- One that is over is not active, and nobody knows when it failed: in no list it stands as if that were now.
if quiet then
  redis.call('HSET', key('run', member), 'restored', '1')
  delist(member, false)
end
return 1
