-- Starts following a requested run and queues its card. ARGV: follow request, token, channel, run member, facts, seen,
-- state, digest, usual_s, began_s. Returns 'ok', 'lost' (the claim or the follow request is gone) or 'final' (the run
-- has ended)
local id, set, member = ARGV[3], key('due', 'watches'), ARGV[6]
local follow_request = key('watch', ARGV[5], member)
if not owns(set, id, ARGV[4]) then return 'lost' end
if redis.call('HGET', follow_request, 'state') ~= 'asked' then return 'lost' end
if redis.call('HGET', key('run', member), 'final') == '1' then return 'final' end
if not create_run(member, ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11], ARGV[12]) then
  tell_more(member, ARGV[7], ARGV[11], ARGV[12])
end
redis.call('HSET', follow_request, 'state', 'looked')
push('posts', 'card', ARGV[5], 'watch/' .. id, now())
redis.call('ZREM', set, id)
return 'ok'
