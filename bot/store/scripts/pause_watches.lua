-- Pauses watches of a channel, or resumes them. ARGV: channel, the word for why ('' to resume), since when, '1' if a
-- person is to be notified, '1' if the bot can't post in the channel until then, the audit entry's event and outcome,
-- then the watches' numbers. A watch that is already paused for the same reason stays as it is, except for the
-- notification. Returns the numbers of the watches that this call changed.
local channel, word, standing, changed = ARGV[3], ARGV[4], key('standing'), {}
local dirty_any = false
for at = 10, #ARGV do
  local name = channel .. ':' .. ARGV[at]
  local body = redis.call('HGET', standing, name)
  local could, watch = pcall(cjson.decode, body or '')
  if body and could then
    local same = (watch.paused or '') == word
    if not same or (watch.notify and ARGV[6] ~= '1') then
      dirty_any = true
      watch.notify = ARGV[6] == '1' or nil
      if not same then
        watch.paused = word ~= '' and word or nil
        watch.paused_at = word ~= '' and ARGV[5] or nil
        changed[#changed + 1] = ARGV[at]
        record({'event', ARGV[8], 'team', watch.team, 'channel', channel, 'action', 'watch',
          'text', 'watch ' .. ARGV[at], 'schedule', watch.pattern, 'outcome', ARGV[9]})
      end
      redis.call('HSET', standing, name, cjson.encode(watch))
    end
  end
end
if dirty_any then watches_changed() end
if #changed > 0 then
  gap_message_due(channel)
  if ARGV[7] == '1' then hold_incidents(channel) else redis.call('DEL', key('away', channel)) end
end
return changed
