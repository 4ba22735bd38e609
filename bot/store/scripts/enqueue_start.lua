-- Queues a start that waits for a run to end, or finds the existing one. ARGV: request id, same-start keys
-- (comma-separated), max starts in a queue, queue, channel, body, plan, run member, and that run's facts, seen, state,
-- digest, usual_s, began_s; how long the keys are kept, in s; the incident whose message shows it as well, or ''.
-- Returns {'new' | 'known' | 'same' | 'full', id}
-- The limit is `MOST_QUEUED` in `bot.flows.start_queue`.
local id, queue, channel = ARGV[3], ARGV[6], ARGV[7]
local hash, at = key('req', id), now()
if redis.call('EXISTS', hash) == 1 then return {'known', id} end

for _, other in ipairs(same_starts(ARGV[4])) do
  local state = redis.call('HGET', key('req', other), 'state')
  if state and IN_QUEUE[state] then return {'same', other} end
end
local queued = tidy_queue(queue)
if #queued >= tonumber(ARGV[5]) then return {'full', id} end

redis.call('HSET', hash, 'body', ARGV[8], 'state', 'queued', 'rev', '1', 'asked_us', num(at), 'queued_us', num(at),
  'look', ARGV[9], 'line', queue, 'ahead', #queued)
remember_start(ARGV[4], id, ARGV[17])
redis.call('ZADD', key('line', queue), num(at), id)
redis.call('EXPIRE', key('line', queue), RETENTION_S)
create_run(ARGV[10], ARGV[11], ARGV[12], ARGV[13], ARGV[14], ARGV[15], ARGV[16])
wait_for(id, ARGV[10])
redis.call('ZADD', key('due', 'queue'), num(at), id)
list_queued(id)
if (ARGV[18] or '') ~= '' then
  redis.call('HSET', hash, 'incident', ARGV[18])
  show_in_incident(id)
end
push('posts', 'card', channel, 'queue/' .. id, at)
return {'new', id}
