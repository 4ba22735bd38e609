-- Returns the queued starts of a list, oldest first. ARGV: the list (user:<id>, channel:<id>), how many to return.
-- Starts that no longer wait are removed: an older version, which has no lists, may have sent them. Returns {their
-- total number, id, record, ...}
local list, most = key('waits', ARGV[3]), tonumber(ARGV[4])
local out, count = {'0'}, 0
for _, id in ipairs(redis.call('ZRANGE', list, 0, -1)) do
  if redis.call('HGET', key('req', id), 'state') ~= 'queued' then
    redis.call('ZREM', list, id)
  else
    count = count + 1
    if count <= most then
      out[#out + 1], out[#out + 2] = id, redis.call('HGETALL', key('req', id))
    end
  end
end
out[1] = num(count)
return out
