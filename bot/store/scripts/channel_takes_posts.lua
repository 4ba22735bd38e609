-- A channel takes posts again: what it refused is due now, and the messages of incidents that have fallen behind meanwhile
-- are edited. ARGV: channel, '1' if a message was posted there, '0' if it only could be, by what Slack says. Returns 1, or
-- 0 if nothing is tried now.
local channel, minute_ms = ARGV[3], '60000'
local behind, refused = key('incident', 'behind', channel), key('aside', 'until', channel)
-- What Slack says of the channel doesn't include who may post there: that is tried when its time is over.
local why = redis.call('GET', key('aside', channel)) or ''
if ARGV[4] == '0' and string.sub(why, 1, 17) == 'restricted_action' then return 0 end
-- Slack may refuse posts for another reason than what it says of the channel, and each refusal has the channel checked.
if ARGV[4] == '0' and (redis.call('EXISTS', refused, behind) == 0
  or not redis.call('SET', key('aside', 'tried', channel), '1', 'NX', 'PX', minute_ms)) then return 0 end
local score = refused_until(channel)
for _, class in ipairs(POSTS) do
  local items = key('posts', class, channel)
  for _, item in ipairs(redis.call('ZRANGE', items, score, score, 'BYSCORE')) do
    redis.call('ZADD', items, num(now()), item)
    redis.call('ZADD', key('posts', class), 'LT', num(now()), channel)
  end
end
redis.call('DEL', key('aside', channel), refused)
if redis.call('EXISTS', key('away', channel)) == 1 then
  -- Its watches are paused: the check that lets them go on does the rest.
  redis.call('ZADD', key('due', 'channels'), 'XX', 'LT', num(now()), channel)
  return 1
end
local outages = {}
for _, slug in ipairs(redis.call('SMEMBERS', behind)) do
  local number = show_incident_again(channel, slug)
  if number then outages[number] = true end
end
for number, _ in pairs(outages) do show_outage_again(channel, number) end
redis.call('DEL', behind)
return 1
