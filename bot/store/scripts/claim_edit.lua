-- Claims a slot of the editing budget (a log of the last minute), then the most urgent card for it. ARGV: lease in
-- microseconds, slots per window, slots for all but ends, slots for progress, slots for counts, window in microseconds.
-- Returns {card, token, class, channel} or {'', microseconds until the next look}
-- The slots are counted in `SlackBudget` of `bot.store.lanes`, and the order of the classes is in shared/lanes.lua.
local at = now()
local log, counts, window = key('budget', 'edits'), key('budget', 'count_edits'), tonumber(ARGV[8])
local most, for_changes = tonumber(ARGV[4]), tonumber(ARGV[5])
local for_progress, for_counts = tonumber(ARGV[6]), tonumber(ARGV[7])
local hold = tonumber(redis.call('GET', key('hold', 'chat.update')) or '0')
if hold > at then return {'', num(hold - at)} end

for _, edits in ipairs({log, counts}) do redis.call('ZREMRANGEBYSCORE', edits, '-inf', num(at - window)) end
local used, counted = redis.call('ZCARD', log), redis.call('ZCARD', counts)
-- The time from which fewer than `limit` edits of a log are within the window.
local function frees(edits, limit)
  local oldest = redis.call('ZRANGE', edits, -limit, -limit, 'WITHSCORES')
  return oldest[2] and tonumber(oldest[2]) + window + 1000 or 0
end
if used >= most then return {'', num(frees(log, most) - at)} end
local classes, later = {'fail', 'end'}, nil
local function admit(class, limit, opens)
  if used < limit and opens <= at then
    table.insert(classes, class)
  elseif redis.call('EXISTS', key('edits', class)) == 1 then
    later = least(later, math.max(opens, frees(log, limit)))
  end
end
admit('incident', for_changes, 0)
admit('state', for_changes, 0)
-- Counts of incidents have slots of their own, next to those of progress: neither waits for the other.
local next_count = tonumber(redis.call('GET', key('budget', 'counts')) or '0')
admit('count', for_progress + for_counts, math.max(next_count, frees(counts, for_counts)))
admit('progress', for_progress + math.min(counted, for_counts), 0)
local got, again = take('edits', classes, function() return tonumber(ARGV[3]) end, function() return 0 end)
if not got then
  again = least(again, later)
  return {'', again and num(math.max(0, again - at)) or ''}
end
-- Provisional: finish_edit.lua changes it to a time by which Slack has certainly received the edit.
local slot = got[2] .. ':' .. got[1]
redis.call('ZADD', log, num(at), slot)
if got[3] == 'count' then
  redis.call('ZADD', counts, num(at), slot)
  redis.call('PEXPIRE', counts, num(window / 1000 * 2))
  redis.call('SET', key('budget', 'counts'), num(at + window / for_counts), 'PX', num(window / 1000))
end
return got
