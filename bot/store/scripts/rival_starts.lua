-- Returns the schedule's other starts that were sent and whose outcome is unknown. ARGV: id or '', schedule's lock.
-- Returns for each start its sending time (in microseconds), its plan and its body.
local sent, out = key('sent', ARGV[4]), {}
for _, id in ipairs(redis.call('ZRANGE', sent, 0, -1)) do
  local known = redis.call('HMGET', key('req', id), 'state', 'sending_us', 'look', 'body')
  if id == ARGV[3] then
    -- The start itself isn't its own rival.
  elseif known[1] == 'sending' or known[1] == 'looking' or known[1] == 'unclear' then
    out[#out + 1] = known[2]
    out[#out + 1] = known[3] or ''
    out[#out + 1] = known[4] or ''
  else
    redis.call('ZREM', sent, id)
  end
end
return out
