-- First a slot of the editing budget (a log of the last minute), then the most urgent card for it.
-- ARGV: lease in us, slots a window, slots kept for ends, window in us. Gives {card, token, class, channel} or {'', us until the next look}
local at = now()
local log, most, kept, window = key('budget', 'edits'), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local hold = tonumber(redis.call('GET', key('hold', 'chat.update')) or '0')
if hold > at then return {'', num(hold - at)} end

redis.call('ZREMRANGEBYSCORE', log, '-inf', num(at - window))
local used = redis.call('ZCARD', log)
local frees = nil
if used >= most - kept then
  local oldest = redis.call('ZRANGE', log, used - (most - kept), used - (most - kept), 'WITHSCORES')
  frees = tonumber(oldest[2]) + window + 1000
end
if used >= most then
  local oldest = redis.call('ZRANGE', log, 0, 0, 'WITHSCORES')
  return {'', num(tonumber(oldest[2]) + window + 1000 - at)}
end
local classes = {'fail', 'end', 'state', 'progress'}
if frees then classes = {'fail', 'end'} end
local got, again = take('edits', classes, function() return tonumber(ARGV[3]) end, function() return 0 end)
if not got then
  again = least(again, frees)
  return {'', again and num(math.max(0, again - at)) or ''}
end
redis.call('ZADD', log, num(at), num(at) .. ':' .. got[1])
return got
