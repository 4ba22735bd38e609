-- Records the posted card of a followed run. ARGV: follow request, class, channel, item, token, run member, card, shown
-- revision, user. Returns 'ok', 'gone' (the run or the follow request is no longer on record), or the run's other card
-- there
local id, channel, member, card = ARGV[3], ARGV[5], ARGV[8], ARGV[9]
local run, follow_request, hash = key('run', member), key('watch', channel, member), key('card', card)
posted_in(channel)
redis.call('ZREM', key('posts', ARGV[4], channel), ARGV[6])
local other = redis.call('HGET', key('run', member, 'cards'), channel)
if other == card then return 'ok' end
local gone = redis.call('EXISTS', run) == 0 or redis.call('EXISTS', follow_request) == 0
redis.call('ZREM', key('due', 'watches'), id)
redis.call('HSET', follow_request, 'state', 'done')
redis.call('EXPIRE', follow_request, '3600')
if gone then return 'gone' end
if other then return other end

attach(member, card)
redis.call('HSET', hash, 'watcher', ARGV[11], 'shown', ARGV[10])
-- If the run ended while its card was posted, its end is posted here too.
if not tell_end(member, card) and newest_rev(hash) ~= ARGV[10] then dirty(card, 'state') end
return 'ok'
