-- Claims a slot of the editing budget (a log of the last minute), then the most urgent card for it. ARGV: lease in us,
-- slots per window, slots for all but ends, slots for progress, window in us. Returns {card, token, class, channel} or
-- {'', us until the next look}
local at = now()
local log, window = key('budget', 'edits'), tonumber(ARGV[7])
local most, for_changes, for_progress = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local hold = tonumber(redis.call('GET', key('hold', 'chat.update')) or '0')
if hold > at then return {'', num(hold - at)} end

redis.call('ZREMRANGEBYSCORE', log, '-inf', num(at - window))
local used = redis.call('ZCARD', log)
-- The time at which fewer than `limit` slots are used, as the oldest ones leave the window.
local function frees(limit)
  local oldest = redis.call('ZRANGE', log, used - limit, used - limit, 'WITHSCORES')
  return tonumber(oldest[2]) + window + 1000
end
if used >= most then return {'', num(frees(most) - at)} end
local classes, later = EDITS, nil
if used >= for_changes then
  classes, later = {'fail', 'end'}, frees(for_changes)
elseif used >= for_progress then
  classes, later = {'fail', 'end', 'incident', 'state'}, frees(for_progress)
end
-- Counts of incidents have a small share of their own: one every five seconds.
local COUNT_GAP_US = 5000000
local counts = tonumber(redis.call('GET', key('budget', 'counts')) or '0')
if counts > at and classes == EDITS then
  classes = {'fail', 'end', 'incident', 'state', 'progress'}
  if redis.call('EXISTS', key('edits', 'count')) == 1 then later = counts end
end
local got, again = take('edits', classes, function() return tonumber(ARGV[3]) end, function() return 0 end)
if not got then
  again = least(again, later)
  return {'', again and num(math.max(0, again - at)) or ''}
end
if got[3] == 'count' then redis.call('SET', key('budget', 'counts'), num(at + COUNT_GAP_US), 'PX', '60000') end
-- Provisional: finish_edit.lua moves it to when Slack has certainly received the edit.
redis.call('ZADD', log, num(at), got[2] .. ':' .. got[1])
return got
