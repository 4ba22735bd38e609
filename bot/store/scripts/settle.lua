-- Ties a request to its run, whoever holds the lease: run, owner, card and first poll in one step.
-- ARGV: id, run member, facts, seen, state, digest, usual_s, began_s, schedule's lock,
-- '1' where Bolt told the id (and no search found it). Gives 'settled' or the run it has.
local id, member = ARGV[3], ARGV[4]
local hash, lock = key('req', id), key('sending', ARGV[11])
local known = redis.call('HMGET', hash, 'state', 'run', 'card')
if known[1] == 'settled' then
  -- A search has adopted another run meanwhile. What Bolt told is recorded and followed all the same.
  if ARGV[12] == '1' and known[2] ~= member and create_run(member, ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]) then
    redis.call('HSET', key('run', member), 'told', '1')
  end
  return known[2]
end

redis.call('HSET', hash, 'state', 'settled', 'run', member)
redis.call('HINCRBY', hash, 'rev', 1)
redis.call('ZREM', key('due', 'requests'), id)
if redis.call('GET', lock) == id then redis.call('DEL', lock) end
redis.call('EXPIRE', hash, RETENTION_S)
if not create_run(member, ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10])
  and redis.call('HEXISTS', key('run', member), 'owner') == 0 then
  -- Someone asked for its end by its number before it was found: that record knows nothing of who started it.
  redis.call('HSET', key('run', member), 'facts', ARGV[5], 'usual_s', ARGV[9], 'began_s', ARGV[10])
  redis.call('HINCRBY', key('run', member), 'rev', 1)
end
if ARGV[12] == '1' then redis.call('HSET', key('run', member), 'told', '1') end
if known[3] then
  attach(member, known[3])
  dirty(known[3], 'state')
end
return 'settled'
