-- Records a start, or finds the existing one. Protects against duplicates and replays by itself. ARGV: request id,
-- same-start keys (comma-separated), force, ask-again window in microseconds, max starts waiting in total, max in the
-- channel, channel, body, max wait of a start in microseconds. Returns {'new' | 'known' | 'same' | 'full', id,
-- asked_us}
-- The window and the limits are in `bot.core.model.admission`, the same-start keys in `bot.core.model.same_start`.
local id, body = ARGV[3], ARGV[10]
local force, window_us, channel = ARGV[5] == '1', tonumber(ARGV[6]), ARGV[9]
local deadline_us = tonumber(ARGV[11])
-- The pulse comes first, so that the request's time is later than the end of any absence.
feel_pulse()
local hash, at = key('req', id), now()

if redis.call('EXISTS', hash) == 1 then
  return {'known', id, redis.call('HGET', hash, 'asked_us')}
end

for _, other in ipairs(force and {} or same_starts(ARGV[4])) do
  local known = redis.call('HMGET', key('req', other), 'state', 'asked_us')
  local state, asked_us = known[1], tonumber(known[2] or '0')
  local failed = state == 'refused' or state == 'closed'
  local open = state and not failed and state ~= 'settled'
  if state and not failed and (open or at - asked_us < window_us) then return {'same', other, known[2]} end
end

local in_all, in_channel = key('waiting'), key('waiting', channel)
for _, waiting in ipairs({in_all, in_channel}) do redis.call('ZREMRANGEBYSCORE', waiting, '-inf', num(at - deadline_us)) end
if redis.call('ZCARD', in_all) >= tonumber(ARGV[7]) or redis.call('ZCARD', in_channel) >= tonumber(ARGV[8]) then
  return {'full', id, num(at)}
end
for _, waiting in ipairs({in_all, in_channel}) do
  redis.call('ZADD', waiting, num(at), id)
  -- An older version sharing this Redis uses 600 s.
  redis.call('EXPIRE', waiting, num(math.max(600, math.ceil(deadline_us / 1000000))))
end

redis.call('HSET', hash, 'body', body, 'state', 'accepted', 'rev', '1', 'asked_us', num(at))
-- In seconds: longer than a start counts as repeated (`Limits.ask_again_s`).
remember_start(ARGV[4], id, '7200')
redis.call('ZADD', key('due', 'requests'), num(at), id)
return {'new', id, num(at)}
