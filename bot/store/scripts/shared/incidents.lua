-- Incidents and outages: which messages are edited, which posts are queued, and what waits until a channel takes them.

-- Replaces incidents of a channel that withheld something: from `first` on, ARGV has the slug, the expected revision
-- and the new content of each. Does nothing and returns false if any of them has changed since it was loaded.
local function replace_withholding(channel, first)
  for at = first, #ARGV, 3 do
    if (redis.call('HGET', key('incident', channel, ARGV[at]), 'rev') or '0') ~= ARGV[at + 1] then return false end
  end
  for at = first, #ARGV, 3 do
    local hash = key('incident', channel, ARGV[at])
    redis.call('HSET', hash, 'incident', ARGV[at + 2])
    redis.call('HINCRBY', hash, 'rev', 1)
    redis.call('SREM', key('incident', 'withheld', channel), ARGV[at])
  end
  return true
end

-- Incidents of a channel whose messages aren't up to date, because the channel takes no edits now (see
-- channel_back.lua). A message that can't be edited for a reason of its own (`uneditable`) isn't tried again when the
-- channel takes edits again.
local function mark_behind(channel, slug)
  local behind = key('incident', 'behind', channel)
  redis.call('SADD', behind, slug)
  redis.call('EXPIRE', behind, RETENTION_S)
end
local function fall_behind(hash, channel)
  local known = redis.call('HMGET', hash, 'unshowable', 'incident', 'outage', 'uneditable')
  if known[4] or (not known[1] and redis.call('EXISTS', key('aside', channel)) == 0) then return false end
  if known[2] then mark_behind(channel, string.match(known[2], '^[^:]*:(.*)$')) end
  -- The message of an outage is found by its incidents.
  for _, slug in ipairs(known[3] and redis.call('ZRANGE', key('outage', known[3], 'members'), 0, -1) or {}) do
    mark_behind(channel, slug)
  end
  return known[2] or known[3]
end

-- Queues the edit of an incident's message: at once, or as a count, which may wait so that few edits are needed.
local COUNT_GAP_US = 300 * 1000000
local function dirty_incident(card, edit)
  local hash = key('card', card)
  fall_behind(hash, channel_of(card))
  redis.call('EXPIRE', hash, RETENTION_S)
  if edit == 'now' then
    local waits = redis.call('HMGET', hash, 'queued', 'counted_us')
    local items = key('edits', 'count', channel_of(card))
    -- A count that only waits isn't leased, so its edit is due now.
    if waits[1] == 'count' and owns(items, card, waits[2]) then
      redis.call('ZADD', items, num(now()), card)
      -- The edit that is due now shows the count, and the next one waits from now on.
      redis.call('HSET', hash, 'counted_us', num(now()))
    end
    return dirty(card, 'incident')
  end
  local known = redis.call('HMGET', hash, 'team', 'queued', 'unshowable', 'counted_us')
  if not known[1] or known[2] or known[3] then return end
  local due = math.max(now(), tonumber(known[4] or '0') + COUNT_GAP_US)
  redis.call('HSET', hash, 'queued', 'count', 'counted_us', num(due))
  push('edits', 'count', channel_of(card), card, due)
end

-- Queues the edit of an outage's message, at most one in ten seconds.
local OUTAGE_GAP_US = 10 * 1000000
local function dirty_outage(card)
  local hash = key('card', card)
  redis.call('EXPIRE', hash, RETENTION_S)
  local known = redis.call('HMGET', hash, 'team', 'queued', 'unshowable', 'counted_us')
  if not known[1] or known[2] or known[3] then return end
  local due = math.max(now(), tonumber(known[4] or '0') + OUTAGE_GAP_US)
  redis.call('HSET', hash, 'queued', 'incident', 'counted_us', num(due))
  push('edits', 'incident', channel_of(card), card, due)
end

-- If an outage's message can't be edited anymore, a line in its thread says what the message would show. `line` is the
-- number of the newest line, `line_due` is its due time, and `line_us` is when the last line was posted.
local LINE_GAP_US, LINE_SOON_US = 60 * 1000000, 2 * 1000000
local function outage_line(channel, number, line) return 'outage/state-' .. line .. '/' .. channel .. '/' .. number end
local function push_outage_line(channel, number, due)
  local hash, items = key('outage', channel, number), key('posts', 'line', channel)
  local known = redis.call('HMGET', hash, 'line', 'line_due')
  local waiting = outage_line(channel, number, known[1] or '')
  if redis.call('ZSCORE', items, waiting) then
    -- The waiting line will show this as well. Any other score is a lease.
    if owns(items, waiting, known[2]) and due < tonumber(known[2]) then
      redis.call('HSET', hash, 'line_due', num(due))
      redis.call('ZADD', items, num(due), waiting)
      redis.call('ZADD', key('posts', 'line'), 'LT', num(due), channel)
    end
    return
  end
  local line = num(redis.call('HINCRBY', hash, 'line', 1))
  redis.call('HDEL', hash, 'post-state-' .. (known[1] or ''))
  redis.call('HSET', hash, 'line_due', num(due))
  push('posts', 'line', channel, outage_line(channel, number, line), due)
end
-- `when`: 'soon' for what people do, since one click may change many schedules; 'later' for everything else.
local function want_outage_line(channel, number, when)
  local hash = key('outage', channel, number)
  redis.call('HINCRBY', hash, 'changes', 1)
  local due = now() + LINE_SOON_US
  if when == 'later' then due = math.max(due, tonumber(redis.call('HGET', hash, 'line_us') or '0') + LINE_GAP_US) end
  push_outage_line(channel, number, due)
end

-- Marks an outage as changed: its message is edited, or posted if it has none yet. If the message can't be edited
-- anymore, `line` is when its thread reports the change: 'soon', 'later' or 'never'.
local function touch_outage(channel, number, line)
  local hash = key('outage', channel, number)
  redis.call('HINCRBY', hash, 'rev', 1)
  local known = redis.call('HMGET', hash, 'ts', 'team', 'fixed_us')
  if known[1] and known[3] then
    if line ~= 'never' then want_outage_line(channel, number, line or 'soon') end
    return
  end
  if known[1] then return dirty_outage(known[2] .. ':' .. channel .. ':' .. known[1]) end
  push('posts', 'opening', channel, 'outage/0/' .. channel .. '/' .. number, now())
end

-- A channel that refused edits accepts them again. The first function returns the outage that reports the incident
-- instead, if there is one.
local function show_incident_again(channel, slug)
  local known = redis.call('HMGET', key('incident', channel, slug), 'team', 'ts', 'outage')
  if known[2] then
    local card = known[1] .. ':' .. channel .. ':' .. known[2]
    redis.call('HDEL', key('card', card), 'unshowable')
    if redis.call('HGET', key('card', card), 'shown') ~= newest_rev(key('card', card)) then dirty_incident(card, 'now') end
  end
  return known[3]
end
local function show_outage_again(channel, number)
  local known = redis.call('HMGET', key('outage', channel, number), 'team', 'ts')
  if not known[2] then return end
  redis.call('HDEL', key('card', known[1] .. ':' .. channel .. ':' .. known[2]), 'unshowable')
  touch_outage(channel, number)
end

-- Retries that were asked for from an incident's message, or from its outage's. The message shows the newest one.
-- The incident's field `request` names its start, but counts only if the start's field `incident` names the incident.
-- `shown_from` is the first revision in which the message shows the start. A card's `retries_shown` is its newest
-- revision that was sent by a version that shows retries.
local function touch_incident_of(id)
  local name = redis.call('HGET', key('req', id), 'incident')
  if not name then return end
  local hash, channel = key('incident', name), string.match(name, '^[^:]*')
  local known = redis.call('HMGET', hash, 'request', 'ts', 'team', 'outage')
  if known[1] ~= id then return end
  redis.call('HINCRBY', hash, 'rev', 1)
  if known[4] then return touch_outage(channel, known[4]) end
  if known[2] then dirty_incident(known[3] .. ':' .. channel .. ':' .. known[2], 'now') end
end
-- An incident's message has been edited or posted, so a start that waits for that may be shown in it now (see
-- shown_in_incident.lua).
local function message_shown(name)
  local id = redis.call('HGET', key('incident', name), 'request')
  local channel = string.match(name, '^[^:]*')
  local items = key('posts', 'start', channel)
  if not id or not redis.call('ZSCORE', items, 'start/' .. id) then return end
  redis.call('ZADD', items, 'XX', 'LT', num(now()), 'start/' .. id)
  redis.call('ZADD', key('posts', 'start'), 'LT', num(now()), channel)
end
local function outage_shown(name)
  local channel = string.match(name, '^[^:]*')
  if redis.call('EXISTS', key('posts', 'start', channel)) == 0 then return end
  for _, slug in ipairs(redis.call('ZRANGE', key('outage', name, 'members'), 0, -1)) do
    message_shown(channel .. ':' .. slug)
  end
end
-- Returns where an incident is reported: the record, the prefix of its revisions, and the name of the post with its
-- message.
local function told_in(name)
  local channel, slug = string.match(name, '^([^:]*):(.*)$')
  local number = redis.call('HGET', key('incident', name), 'outage')
  if number then return key('outage', channel, number), 'out:', 'outage/0/' .. channel .. '/' .. number end
  return key('incident', name), 'inc:', 'incident/0/' .. channel .. '/' .. slug
end
-- Whether a message that has no timestamp on record is on its way: being posted, searched for because Slack's reply was
-- lost, or posted soon. A post that's put back for longer, such as until quiet hours end, isn't on its way.
local ON_ITS_WAY_US = 30 * 1000000
local function is_on_its_way(channel, post)
  local due = redis.call('ZSCORE', key('posts', 'opening', channel), post)
  return due and tonumber(due) <= now() + ON_ITS_WAY_US
end
-- Shows a start in its incident's message, if there is one. Returns whether there is.
local function show_in_incident(id)
  local name = redis.call('HGET', key('req', id), 'incident')
  if not name then return false end
  local hash, word, post = told_in(name)
  local known = redis.call('HMGET', hash, 'ts', 'rev')
  if not known[1] and not is_on_its_way(string.match(name, '^[^:]*'), post) then
    redis.call('HDEL', key('req', id), 'incident')
    return false
  end
  redis.call('HSET', key('incident', name), 'request', id)
  redis.call('HSET', key('req', id), 'shown_from', word .. num(tonumber(known[2] or '0') + 1))
  touch_incident_of(id)
  return true
end

-- Queues the thread posts of an incident that haven't been posted; those that are queued already stay where they are.
local function push_incident_posts(channel, slug)
  local hash = key('incident', channel, slug)
  local known = redis.call('HMGET', hash, 'posts', 'serial', 'outage')
  -- An outage's message reports it instead.
  if known[3] then return end
  local due = now()
  for number, class in string.gmatch(known[1] or '', '(%d+):(%a+)') do
    if not post_done(hash, 'thread-' .. known[2] .. '-' .. number) then
      push('posts', class, channel, 'incident/' .. number .. '/' .. channel .. '/' .. slug, due)
      -- Without this, post 10 would come before post 9 if both were due at the same time.
      due = due + 1
    end
  end
end

-- Posts of incidents wait until the bot can post in their channel again.
local function hold_incidents(channel)
  redis.call('SET', key('away', channel), '1')
  for _, class in ipairs({'opening', 'opened', 'recovery', 'line'}) do
    local items = key('posts', class, channel)
    for _, item in ipairs(redis.call('ZRANGE', items, 0, -1)) do
      local slug = string.match(item, '^incident/%d+/[^/]*/(.*)$')
      if slug then
        redis.call('ZREM', items, item)
        mark_behind(channel, slug)
      end
    end
  end
end

-- Gives up edits that wait in a channel, except for those in progress. If `watched` is true, it gives up the edits of
-- incidents' and outages' messages, which are noted as out of date and edited once the channel accepts edits again. If
-- `watched` is false, it gives up all other edits, which aren't tried again.
local function give_up_edits(channel, why, watched)
  for class, _ in pairs(RANK) do
    local items = key('edits', class, channel)
    for _, card in ipairs(redis.call('ZRANGE', items, '-inf', num(now()), 'BYSCORE')) do
      local hash = key('card', card)
      local about = redis.call('HMGET', hash, 'incident', 'outage')
      if watched == ((about[1] or about[2]) ~= false) then
        redis.call('ZREM', items, card)
        redis.call('HDEL', hash, 'queued')
        redis.call('HSET', hash, 'unshowable', why)
        fall_behind(hash, channel)
        seal(card)
      end
    end
  end
end
