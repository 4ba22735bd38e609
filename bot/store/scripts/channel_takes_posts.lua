-- A channel takes posts again: the posts that it refused are due now, and incidents' messages that have become outdated
-- in the meantime are edited. ARGV: channel, '1' if a message was posted there, '0' if Slack only says that one could
-- be. Returns the ms until the next check, or 0 if the channel refuses nothing.
local channel, minute_ms, again_ms = ARGV[3], '60000', 600000
local aside, behind, refused = key('aside', channel), key('incident', 'behind', channel), key('aside', 'until', channel)
local why = redis.call('GET', aside) or ''
local function next_check()
  if redis.call('EXISTS', aside) == 1 then return math.max(1000, redis.call('PTTL', aside)) end
  return redis.call('EXISTS', behind) == 1 and again_ms or 0
end
local function show_behind()
  local outages = {}
  for _, slug in ipairs(redis.call('SMEMBERS', behind)) do
    local number = show_incident_again(channel, slug)
    if number then outages[number] = true end
  end
  for number, _ in pairs(outages) do show_outage_again(channel, number) end
  redis.call('DEL', behind)
end
if ARGV[4] == '0' then
  if redis.call('EXISTS', refused, behind) == 0 then return 0 end
  -- Slack may refuse posts for a reason that its description of the channel doesn't show, and each refusal causes a
  -- check.
  if not redis.call('SET', key('aside', 'tried', channel), '1', 'NX', 'PX', minute_ms) then return next_check() end
  if string.sub(why, 1, 17) == 'restricted_action' then
    -- Slack's description of the channel doesn't say who may post there, so posts are tried when their wait is over.
    -- Slack may still accept edits there, so outdated messages are edited now.
    local left_ms = math.max(1, redis.call('PTTL', aside))
    redis.call('DEL', aside)
    show_behind()
    redis.call('SET', aside, why, 'PX', left_ms)
    return next_check()
  end
end
local score = refused_until(channel)
for _, class in ipairs(POSTS) do
  local items = key('posts', class, channel)
  for _, item in ipairs(redis.call('ZRANGE', items, score, score, 'BYSCORE')) do
    redis.call('ZADD', items, num(now()), item)
    redis.call('ZADD', key('posts', class), 'LT', num(now()), channel)
  end
end
redis.call('DEL', aside, refused)
if redis.call('EXISTS', key('away', channel)) == 1 then
  -- The channel's watches are paused, so it's checked now, and that check resumes them.
  redis.call('ZADD', key('due', 'channels'), 'XX', 'LT', num(now()), channel)
  return 0
end
show_behind()
return 0
