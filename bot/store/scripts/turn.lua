-- Whether it is the turn of a start that waits. ARGV: id, token, longest wait in us, when to look again in us.
-- Gives 'turn', 'late' or 'unseen' (its card cannot be shown any more), which leave it claimed, 'wait', 'lost', or 'gone' where it does not wait any more
local id, token, set = ARGV[3], ARGV[4], key('due', 'queue')
local hash = key('req', id)
if not owns(set, id, token) then return 'lost' end
local known = redis.call('HMGET', hash, 'state', 'line', 'queued_us', 'card')
if known[1] ~= 'queued' then
  redis.call('ZREM', set, id)
  return 'gone'
end
local at = now()
if at - tonumber(known[3]) > tonumber(ARGV[5]) then return 'late' end
if known[4] and redis.call('HEXISTS', key('card', known[4]), 'unshowable') == 1 then return 'unseen' end
redis.call('EXPIRE', key('line', known[2]), RETENTION_S)
local first = waiting_in(known[2])[1]
local behind = redis.call('HGET', hash, 'behind') or ''
local run = behind ~= '' and redis.call('HMGET', key('run', behind), 'rev', 'final') or {}
-- Of a run that is not on record nobody will tell its end: then Bolt is asked to start, and says if it still runs.
local ended = not run[1] or run[2] == '1'
if known[4] and first == id and ended then return 'turn' end
redis.call('ZADD', set, num(at + tonumber(ARGV[6])), id)
return 'wait'
