-- The bot can post in a channel again: what its incidents would have posted meanwhile is dropped, because one message
-- says it, and their messages are brought up to date. ARGV: channel, since when it was away, what happened ('back', or
-- 'quiet' if nothing is posted unless there's something to report), then the slugs of the open incidents. Returns the
-- slugs of its incidents.
local channel, slugs = ARGV[3], {}
local back, behind = key('back', channel), key('incident', 'behind', channel)
-- Whoever did this before was killed before its watches went on: what has happened since was posted as usual.
local told = redis.call('HMGET', back, 'since', 'slugs')
if told[1] == ARGV[4] and redis.call('EXISTS', key('away', channel), key('aside', channel), behind) == 0 then
  return cjson.decode(told[2])
end
hold_incidents(channel)
for _, slug in ipairs(redis.call('SMEMBERS', behind)) do slugs[slug] = true end
for at = 6, #ARGV do slugs[ARGV[at]] = true end
redis.call('DEL', key('away', channel), key('aside', channel), behind)
local names, outages = {}, {}
for slug, _ in pairs(slugs) do
  local hash = key('incident', channel, slug)
  local known = redis.call('HMGET', hash, 'rev', 'posts', 'serial', 'team', 'ts', 'outage')
  if known[1] then
    names[#names + 1] = slug
    for number in string.gmatch(known[2] or '', '(%d+):') do
      local field = 'thread-' .. known[3] .. '-' .. number
      if string.sub(redis.call('HGET', hash, field) or '', 1, 5) ~= 'done:' then
        redis.call('HSET', hash, field, 'done:withheld')
      end
    end
    if known[6] then outages[known[6]] = true end
    if known[5] then
      local card = known[4] .. ':' .. channel .. ':' .. known[5]
      redis.call('HDEL', key('card', card), 'unshowable')
      if redis.call('HGET', key('card', card), 'shown') ~= wanted(key('card', card)) then dirty_incident(card, 'now') end
    end
  end
end
-- The message of an outage as well.
for number, _ in pairs(outages) do
  local known = redis.call('HMGET', key('outage', channel, number), 'team', 'ts')
  if known[2] then
    redis.call('HDEL', key('card', known[1] .. ':' .. channel .. ':' .. known[2]), 'unshowable')
    touch_outage(channel, number)
  end
end
redis.call('DEL', back)
redis.call('HSET', back, 'since', ARGV[4], 'word', ARGV[5], 'slugs', cjson.encode(names))
redis.call('EXPIRE', back, num(DAY_S))
push('posts', 'line', channel, 'back/' .. channel, now())
return names
