-- Adds a watch to a channel, unless the channel has one for the same schedules, owner and branch, or is full. ARGV:
-- channel, body, max watches in the channel, max in total, then the audit entry's fields and values. Returns {'ok',
-- number}, {'same', the existing one's number} or {'channel_full' or 'full', 0}. Discovery runs as long as there's any
-- watch.
-- The limits are in `bot.core.model.watch`.
local channel, body, standing = ARGV[3], ARGV[4], key('standing')
local new = cjson.decode(body)
local count, found = 0, redis.call('HGETALL', standing)
for at = 1, #found, 2 do
  local in_channel, number = string.match(found[at], '^(.*):(%d+)$')
  if in_channel == channel then
    count = count + 1
    local one = cjson.decode(found[at + 1])
    if string.lower(one.pattern) == string.lower(new.pattern) and one.owner == new.owner
        and one.branch == new.branch then
      return {'same', tonumber(number)}
    end
  end
end
if count >= tonumber(ARGV[5]) then return {'channel_full', 0} end
if redis.call('HLEN', standing) >= tonumber(ARGV[6]) then return {'full', 0} end

local number = redis.call('HINCRBY', key('standing', 'numbers'), channel, 1)
redis.call('HSET', standing, channel .. ':' .. number, body)
watches_changed()
record_watch(number, 7)
redis.call('ZADD', key('due', 'discovery'), 'NX', num(now()), 'schedules')
check_soon(channel)
gap_message_due(channel)
return {'ok', number}
