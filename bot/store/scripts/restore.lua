-- Makes the record of a run that is over and of its card again, from what the card's button carried. Its end has been told
-- in its thread, so nothing is told there of it again. ARGV: run member, facts, seen, state, digest, usual_s, began_s, card
local member, card = ARGV[3], ARGV[10]
-- Without a digest the first poll finds something new: the end, which is read again for the card.
if not create_run(member, ARGV[4], ARGV[5], ARGV[6], '', ARGV[8], ARGV[9]) then return 0 end
if redis.call('EXISTS', key('card', card)) == 0 then
  attach(member, card)
  redis.call('HSET', key('card', card), 'shown', '', 'quiet', '1')
end
-- It is not active, and nobody knows when it failed: in no list it stands as if that were now.
redis.call('HSET', key('run', member), 'restored', '1')
delist(member, false)
return 1
