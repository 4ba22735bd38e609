-- Checks whether it's a queued start's turn. ARGV: id, token, max wait in microseconds, when to look again in
-- microseconds. Returns 'turn', 'late' or 'unseen' (its card can't be shown anymore), and the start stays claimed; or
-- 'wait', 'lost', or 'gone' (it no longer waits)
-- The longest wait is BOLT_BOT_QUEUE_S.
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
local first = tidy_queue(known[2])[1]
local behind = redis.call('HGET', hash, 'behind') or ''
local run = behind ~= '' and redis.call('HMGET', key('run', behind), 'rev', 'final') or {}
-- The bot never notices the end of a run that isn't on record, so the start is then sent to Bolt, which refuses it if
-- the run is still active.
local ended = not run[1] or run[2] == '1'
if known[4] and first == id and ended then return 'turn' end
redis.call('ZADD', set, num(at + tonumber(ARGV[6])), id)
return 'wait'
