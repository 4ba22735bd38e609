-- The bot can post in a channel again: the waiting posts of its incidents are dropped, because one message sums them
-- up, and the incidents' messages are brought up to date. ARGV: channel, since when the bot couldn't post there, what
-- happened ('back', or 'quiet' if nothing is posted unless there's something to report), then the slugs of the open
-- incidents. Returns the slugs of its incidents.
local channel, slugs = ARGV[3], {}
local back, behind = key('back', channel), key('incident', 'behind', channel)
-- A process has already done this, but was killed before it resumed the watches: what has happened since was posted as
-- usual.
local told = redis.call('HMGET', back, 'since', 'slugs')
if told[1] == ARGV[4] and redis.call('EXISTS', key('away', channel), key('aside', channel), behind) == 0 then
  return cjson.decode(told[2])
end
hold_incidents(channel)
for _, slug in ipairs(redis.call('SMEMBERS', behind)) do slugs[slug] = true end
for at = 6, #ARGV do slugs[ARGV[at]] = true end
redis.call('DEL', key('away', channel), key('aside', channel), behind)
local names, withheld, outages = {}, {}, {}
for slug, _ in pairs(slugs) do
  local hash = key('incident', channel, slug)
  local known = redis.call('HMGET', hash, 'rev', 'posts', 'serial', 'outage')
  if known[1] then
    names[#names + 1] = slug
    local waits = false
    for number in string.gmatch(known[2] or '', '(%d+):') do
      local field = 'thread-' .. known[3] .. '-' .. number
      if not post_done(hash, field) then
        redis.call('HSET', hash, field, 'done:withheld')
        waits = true
      end
    end
    -- An outage posts nothing about a single incident.
    if waits and not known[4] then withheld[#withheld + 1] = slug end
    local number = show_incident_again(channel, slug)
    if number then outages[number] = true end
  end
end
-- The outage's message is brought up to date as well.
for number, _ in pairs(outages) do show_outage_again(channel, number) end
redis.call('DEL', back)
redis.call('HSET', back, 'since', ARGV[4], 'word', ARGV[5], 'slugs', cjson.encode(names),
  'withheld', cjson.encode(withheld))
redis.call('EXPIRE', back, num(DAY_S))
push('posts', 'line', channel, 'back/' .. channel, now())
return names
