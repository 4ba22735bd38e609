-- Watches: one hash, by channel:number, which every process keeps in memory until its revision changes. No revision is
-- used twice, even if Redis has lost its data in between.
local function watches_changed()
  local before = tonumber(redis.call('GET', key('standing', 'rev')) or '0')
  redis.call('SET', key('standing', 'rev'), num(math.max(before + 1, now())))
end

-- Checks soon, and then regularly, whether the bot can post in a channel with a watch, and is allowed to. The first
-- check isn't immediate, because the bot may be about to join the channel. Direct messages aren't checked, because
-- nothing about them changes.
local function check_soon(channel, how)
  if string.sub(channel, 1, 1) == 'D' then return end
  redis.call('ZADD', key('due', 'channels'), how or 'LT', num(now() + 60 * 1000000), channel)
end

-- Adds a watch's audit entry. Its fields and values are in ARGV from `first` on; if there are none, nothing is added.
local function record_watch(number, first)
  if not ARGV[first] then return end
  local pairs = {'outcome', 'watch ' .. number}
  for at = first, #ARGV do pairs[#pairs + 1] = ARGV[at] end
  record(pairs)
end

-- Nobody watches a schedule anymore: its runs aren't looked at. If it's watched again within a day, discovery goes on
-- from the record of its runs.
local function forget_schedule(slug)
  redis.call('HDEL', key('discovery', 'slots'), slug)
  redis.call('ZADD', key('due', 'late'), 'XX', 'LT', num(now()), slug)
  redis.call('HDEL', key('discovery', 'activity'), slug)
  redis.call('ZREM', key('due', 'looks'), slug)
  redis.call('EXPIRE', key('discovery', 'of', slug), num(DAY_S))
  -- The message about a gap doesn't wait for this schedule either.
  local gap = redis.call('HGET', key('gap', 'now'), 'number')
  if gap then redis.call('SREM', key('gap', gap, 'unlooked'), slug) end
end

-- Without any watch, schedules aren't listed.
local function end_discovery()
  redis.call('ZREM', key('due', 'discovery'), 'schedules')
  for _, slug in ipairs(redis.call('HKEYS', key('discovery', 'activity'))) do forget_schedule(slug) end
  -- Until there's a watch again, nothing is missed.
  redis.call('DEL', key('discovery', 'at'))
  end_unseen_gap()
end

-- The slug that a schedule has now: it may have been given another one in Bolt since it was found under this one. If a
-- schedule has this slug now, it's a different schedule.
local function current_slug(slug)
  if redis.call('EXISTS', key('discovery', 'of', slug)) == 1 then return slug end
  return redis.call('GET', key('discovery', 'renamed', slug)) or slug
end

-- Hands over the end of a discovered run to the watches of its schedule, to be accounted for. Returns whether the end
-- was handed over, and whether it replaced an earlier report of this run's end that was still waiting.
local function hand_over(member, ended)
  local slug = redis.call('HGET', key('run', member), 'discovered')
  if slug then slug = current_slug(slug) end
  local record = key('discovery', 'of', slug or '')
  -- If there's no record of the schedule, nobody has watched it for a day.
  if not slug or redis.call('EXISTS', record) == 0 then return false end
  local waited = redis.call('HSET', key('discovery', 'ended', slug), string.match(member, ':(%d+)$'), ended) == 0
  -- A process that is accounting for an earlier report of this run's end has to decide again.
  redis.call('HINCRBY', record, 'rev', 1)
  redis.call('ZADD', key('due', 'accounts'), 'LT', num(now()), slug)
  return true, waited
end

-- Makes a retry without a card due, so that its asker is notified of its end, which no incident's message reports.
local function tell_asker(id)
  local hash = key('req', id)
  local known = redis.call('HMGET', hash, 'state', 'incident')
  if known[1] ~= 'settled' or not known[2] or redis.call('HSETNX', hash, 'untold', '1') == 0 then return end
  redis.call('ZADD', key('due', 'requests'), num(now()), id)
end
