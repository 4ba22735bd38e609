-- The other starts of a schedule that were sent, and of which it is not known what became of them.
-- ARGV: id, schedule's lock. Gives when each was sent, in us.
local sent, out = key('sent', ARGV[4]), {}
for _, id in ipairs(redis.call('ZRANGE', sent, 0, -1)) do
  local known = redis.call('HMGET', key('req', id), 'state', 'sending_us')
  if id == ARGV[3] then
    -- Its own.
  elseif known[1] == 'sending' or known[1] == 'looking' or known[1] == 'unclear' then
    out[#out + 1] = known[2]
  else
    redis.call('ZREM', sent, id)
  end
end
return out
