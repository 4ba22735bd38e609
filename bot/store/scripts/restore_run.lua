-- Recreates the record of a run and of its card, from the data in the card's button. With `quiet`, the run is over and
-- its end was already announced in the thread, so it isn't announced again. ARGV: run member, facts, seen, state,
-- digest, usual_s, began_s, card, '1' for quiet
local member, card, quiet = ARGV[3], ARGV[10], ARGV[11] == '1'
-- The digest is left empty, so that the first poll sees a change, and an end is read again for the card.
local made = create_run(member, ARGV[4], ARGV[5], ARGV[6], '', ARGV[8], ARGV[9])
-- A run that continues may already be on record, because of its card in another channel.
if not made and (quiet or redis.call('HGET', key('run', member), 'final') == '1') then return 0 end
if redis.call('EXISTS', key('card', card)) == 0
  and redis.call('HEXISTS', key('run', member, 'cards'), channel_of(card)) == 0 then
  attach(member, card)
  redis.call('HSET', key('card', card), 'shown', '')
  if quiet then redis.call('HSET', key('card', card), 'quiet', '1') end
end
-- A run that is over isn't active, and it's unknown when it failed, so it must not be listed as if it failed now.
if quiet then
  redis.call('HSET', key('run', member), 'restored', '1')
  delist(member, false)
end
return 1
