-- Starts a live log in the thread of the run's card. ARGV: live log, run member, channel, body, max live logs, command.
-- Returns 'new', 'known', 'no_card', 'over' or 'full'.
-- The limit is in `LogTailRules` of `bot.flows.tail_log`.
local id, member, record, due = ARGV[3], ARGV[4], key('follow', ARGV[3]), key('due', 'follows')
local card = redis.call('HGET', key('run', member, 'cards'), ARGV[5])
if redis.call('HGET', key('run', member), 'final') == '1' then return 'over' end
if not card then return 'no_card' end
if redis.call('EXISTS', record) == 1 then
  redis.call('ZADD', due, 'NX', num(now()), id)
  return 'known'
end
if redis.call('ZCARD', due) >= tonumber(ARGV[7]) then return 'full' end
redis.call('HSET', record, 'body', ARGV[6], 'card', card, 'command', ARGV[8], 'cursor', '', 'posts', '0',
  'begun_us', num(now()))
-- A live log stops long before its record expires; the expiry removes a record that is never claimed again.
redis.call('EXPIRE', record, '172800')
redis.call('ZADD', due, num(now()), id)
return 'new'
