-- Records a start that waits for a run to end, or finds the one already there. ARGV: request id, same-words key, user and
-- channel limit keys, user limit, channel limit, window in s, most in a line, line, channel, body, look,
-- run member, and of that run: facts, seen, state, digest, usual_s, began_s; for how long the words are kept in s.
-- Gives {'new' | 'known' | 'same' | 'flood' | 'full', id}
local id, same, line, channel = ARGV[3], key('same', ARGV[4]), ARGV[11], ARGV[12]
local hash, at = key('req', id), now()
if redis.call('EXISTS', hash) == 1 then return {'known', id} end
local by_user = flooded(ARGV[5], ARGV[7], ARGV[9])
local by_channel = flooded(ARGV[6], ARGV[8], ARGV[9])
if by_user or by_channel then return {'flood', id} end

local other = redis.call('GET', same)
local state = other and redis.call('HGET', key('req', other), 'state')
if state and IN_LINE[state] then return {'same', other} end
local waiting = waiting_in(line)
if #waiting >= tonumber(ARGV[10]) then return {'full', id} end

redis.call('HSET', hash, 'body', ARGV[13], 'state', 'queued', 'rev', '1', 'asked_us', num(at), 'queued_us', num(at),
  'look', ARGV[14], 'line', line, 'ahead', #waiting)
redis.call('SET', same, id, 'EX', ARGV[22])
redis.call('ZADD', key('line', line), num(at), id)
redis.call('EXPIRE', key('line', line), RETENTION_S)
create_run(ARGV[15], ARGV[16], ARGV[17], ARGV[18], ARGV[19], ARGV[20], ARGV[21])
wait_for(id, ARGV[15])
redis.call('ZADD', key('due', 'queue'), num(at), id)
waits(id)
push('posts', 'card', channel, 'queue/' .. id, at)
return {'new', id}
