-- Shared by every script: prepended to each one's text. ARGV[1] is the deployment's key prefix (one hash tag, so one
-- slot), ARGV[2] the retention in seconds. Times are microseconds on Redis' clock. A due set's score is both the lease
-- and the token of the claim.

local P = ARGV[1]
local RETENTION_S = ARGV[2]

local function key(...) return P .. table.concat({...}, ':') end
local function num(value) return string.format('%.0f', value) end
local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end
local function owns(set, member, token)
  local score = redis.call('ZSCORE', set, member)
  return score and tonumber(score) == tonumber(token)
end
-- Returns 'new' and records that a delivery is being handled, else the word an earlier copy has left.
local function begin_delivery(kind, name, for_ms)
  local delivery = key(kind, name)
  local known = redis.call('GET', delivery)
  if known then return known end
  redis.call('SET', delivery, 'begun', 'PX', for_ms)
  return 'new'
end
-- Absences: times in which no process worked on this data, because none ran, or because Redis was restored from a
-- backup, which is older than what was done since. `pulse` has the time of the last claim or start, rounded, and of the
-- end of the newest absence. What was decided before that end may have been carried out already.
local PULSE_US, ABSENCE_US = 10000000, 60000000
local function feel_pulse()
  local pulse, at = key('pulse'), now()
  local last = tonumber(redis.call('HGET', pulse, 'at_us') or num(at))
  if at - last > ABSENCE_US then redis.call('HSET', pulse, 'away_us', num(at)) end
  if at - last > PULSE_US or last == at then redis.call('HSET', pulse, 'at_us', num(at)) end
end
local function absence_ended() return tonumber(redis.call('HGET', key('pulse'), 'away_us') or '0') end
local function least(a, b)
  if not a then return b end
  if not b then return a end
  return math.min(a, b)
end

-- Lanes: items that wait for a slot of a Slack method's budget. A class is a sorted set of channels, scored by when the
-- channel is worth a look; each channel has a sorted set of items, scored by when they are due or leased until.
-- Older versions don't know the classes `incident` and `count`, and leave them alone.
local EDITS = {'fail', 'end', 'incident', 'state', 'count', 'progress'}
local RANK = {}
for rank, class in ipairs(EDITS) do RANK[class] = rank end
-- `ask` (cards that ask for an approval), `card` (cards of followed runs and of waiting starts) and `retried` are
-- classes of their own, because an older version doesn't know such posts and must not read them; so are `opening`,
-- `opened`, `recovery` and `line` (of incidents: messages come before the posts in their threads). Requested files come
-- after those of ends, and `attached` (logs and files in threads of incidents and outages) after those. Live logs come
-- late, and use none of the uploads' budget; digests come last. Two words are older than the names: `digest` is an end
-- batch (many ends of a channel in one message), and `report` a digest of what a channel watches.
local POSTS = {'start', 'ask', 'card', 'digest', 'fail', 'end', 'opening', 'opened', 'recovery', 'line', 'retried', 'log',
  'file', 'attached', 'follow', 'report'}
-- Classes with posts that use the uploads' budget.
local UPLOADS = {log = true, file = true, attached = true}

local function push(lane, class, channel, item, due)
  local added = redis.call('ZADD', key(lane, class, channel), 'NX', num(due), item)
  redis.call('ZADD', key(lane, class), 'LT', num(due), channel)
  return added == 1
end

-- Takes the most urgent item of a lane: classes in order, round-robin over channels. `opens` returns when a channel may
-- be used. Returns {item, token, class, channel}, or nil and when to look again.
local function take(lane, classes, lease_of, opens)
  local at, again = now(), nil
  for _, class in ipairs(classes) do
    local channels = key(lane, class)
    for _ = 1, 64 do
      local first = redis.call('ZRANGE', channels, 0, 0, 'WITHSCORES')
      if #first == 0 then break end
      local channel, due = first[1], tonumber(first[2])
      if due > at then again = least(again, due) break end
      local open = opens(channel)
      local items = key(lane, class, channel)
      local head = redis.call('ZRANGE', items, 0, 0, 'WITHSCORES')
      if #head == 0 then
        redis.call('ZREM', channels, channel)
      elseif open > at then
        redis.call('ZADD', channels, num(open), channel)
      elseif tonumber(head[2]) > at then
        redis.call('ZADD', channels, head[2], channel)
      else
        local token = at + lease_of(class)
        redis.call('ZADD', items, num(token), head[1])
        local after = redis.call('ZRANGE', items, 0, 0, 'WITHSCORES')
        redis.call('ZADD', channels, num(math.max(tonumber(after[2]), at + 1)), channel)
        return {head[1], num(token), class, channel}
      end
    end
  end
  return nil, again
end

-- Until when refused posts of an unreachable channel are put back: all of them have this same score, and are found by
-- it.
local function refused_until(channel)
  local known = redis.call('GET', key('aside', 'until', channel))
  if known then return known end
  -- An older version marks a channel as unreachable without it; and the channel may be reachable again by now.
  return num(now() + math.max(1000, redis.call('PTTL', key('aside', channel))) * 1000)
end

-- Slack counts a post from when it arrives, at the latest now: a second from now the channel takes the next one.
local function posted_in(channel)
  local gap = tonumber(redis.call('GET', key('budget', 'channel_gap')) or '0')
  redis.call('ZADD', key('budget', 'channels'), 'GT', num(now() + math.min(gap, 1020000)), channel)
end

-- Returns the record of a post that was sent or given up ('done:<ts or word>'), or nil.
local function post_done(hash, field)
  local known = redis.call('HGET', hash, field) or ''
  return string.sub(known, 1, 5) == 'done:' and known or nil
end

-- Records that a post about something with revisions was sent or given up. Returns nil, or what its script returns: the
-- record of another process's post, or 'ok' if what it's about has expired, in which case the field that this attempt
-- has left is removed.
local function finish_attempt(hash, field, items, item, outcome)
  local known = post_done(hash, field)
  if known then return known end
  redis.call('ZREM', items, item)
  if redis.call('HEXISTS', hash, 'rev') == 0 then
    redis.call('DEL', hash)
    return 'ok'
  end
  redis.call('HSET', hash, field, 'done:' .. outcome)
end

-- Replaces incidents of a channel that withheld something: ARGV from `first` on has slug, expected revision and
-- incident of each. Returns false if any has changed since it was loaded: then nothing is done.
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

-- Returns the newest start under each of several same-start keys: the words as typed, which older versions use, and the
-- schedule meant.
local function same_starts(keys)
  local starts = {}
  for name in string.gmatch(keys, '[^,]+') do
    local other = redis.call('GET', key('same', name))
    if other then starts[#starts + 1] = other end
  end
  return starts
end
local function remember_start(keys, id, kept_s)
  for name in string.gmatch(keys, '[^,]+') do redis.call('SET', key('same', name), id, 'EX', kept_s) end
end

-- Starts whose card isn't posted yet, in total and per channel: their number bounds how long the next one would wait.
local function waits_no_more(id, channel)
  redis.call('ZREM', key('waiting'), id)
  redis.call('ZREM', key('waiting', channel), id)
end

-- Cards. An id is team:channel:ts; `queued` is the class of the edit lane that the card is in.
local function channel_of(card) return string.match(card, '^[^:]*:([^:]*):') end

-- The revision that a card should show.
local function newest_rev(hash)
  local links = redis.call('HMGET', hash, 'run', 'request', 'incident', 'outage', 'gap', 'notice')
  if links[6] then return 'note:' .. (redis.call('HGET', key('notice', links[6]), 'rev') or '0') end
  if links[5] then return 'gap:' .. (redis.call('HGET', key('gap', 'in', links[5]), 'rev') or '0') end
  if links[4] then return 'out:' .. (redis.call('HGET', key('outage', links[4]), 'rev') or '0') end
  if links[3] then return 'inc:' .. (redis.call('HGET', key('incident', links[3]), 'rev') or '0') end
  if links[1] then return 'run:' .. (redis.call('HGET', key('run', links[1]), 'rev') or '0') end
  if links[2] then return 'req:' .. (redis.call('HGET', key('req', links[2]), 'rev') or '0') end
  return ''
end

local function dirty(card, class)
  local hash = key('card', card)
  local known = redis.call('HMGET', hash, 'team', 'queued', 'unshowable')
  if not known[1] or known[3] then return end
  local channel, due = channel_of(card), now()
  local aside = redis.call('GET', key('aside', channel))
  if aside and not known[2] then
    redis.call('HSET', hash, 'unshowable', aside)
    return
  end
  if known[2] then
    if RANK[known[2]] <= RANK[class] then return end
    local items = key('edits', known[2], channel)
    -- A lease stays a lease in the more urgent class: a card never has two edits under way at once.
    local score = redis.call('ZSCORE', items, card)
    if score then due = tonumber(score) end
    redis.call('ZREM', items, card)
  end
  redis.call('HSET', hash, 'queued', class)
  push('edits', class, channel, card, due)
end

-- Incidents of a channel whose messages aren't up to date, because the channel takes no edits now (see
-- channel_back.lua). A message that Slack refuses to edit for a reason of its own (`uneditable`) isn't tried again when
-- the channel takes edits.
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
      -- This edit shows the count, and the next one waits from now on.
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

-- An outage whose message can't be edited anymore: a line in its thread says what the message would show. `line` is the
-- number of the newest one, `line_due` when it's due, `line_us` when the last one was posted.
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

-- Marks an outage as changed: its message is edited, or posted if it has none yet. If it can't be edited anymore,
-- `line` is when its thread reports the change: 'soon', 'later' or 'never'.
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

-- A channel that refused edits takes them again. The first function returns the outage that reports the incident
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

-- Retries that were asked for from an incident's message, or from its outage's. It shows the newest one: `request` of
-- the incident, while the start's `incident` names the incident. `shown_from` is the first revision in which the
-- message shows the start. A card's `retries_shown` is its newest revision that was sent by a version that shows
-- retries.
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
-- An incident's message has been edited or posted: a start that waits for it may be shown now (see
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
-- lost, or posted soon. One that's put back for longer, until the quiet hours end, say, isn't waited for.
local ON_ITS_WAY_US = 30 * 1000000
local function is_on_its_way(channel, post)
  local due = redis.call('ZSCORE', key('posts', 'opening', channel), post)
  return due and tonumber(due) <= now() + ON_ITS_WAY_US
end
-- Shows a start in the message of its incident, if that has one. Returns whether it has.
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
      -- Without this, of two that are due at the same time, 10 would come before 9.
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

-- Notices: short messages of watches, each with a record that expires. Rows of arguments, NOTICE_ROW each: channel,
-- name, expected revision, notice, edit ('now' or 'count'), delay of its post in us, seconds that it's kept.
local NOTICE_ROW = 7
local function notices_changed(first, count)
  for at = first, first + count * NOTICE_ROW - 1, NOTICE_ROW do
    local rev = redis.call('HGET', key('notice', ARGV[at], ARGV[at + 1]), 'rev') or '0'
    if rev ~= ARGV[at + 2] then return true end
  end
  return false
end
local function store_notice(at)
  local channel, name, kept_s = ARGV[at], ARGV[at + 1], ARGV[at + 6]
  local hash = key('notice', channel, name)
  redis.call('HSET', hash, 'notice', ARGV[at + 3])
  redis.call('HINCRBY', hash, 'rev', 1)
  redis.call('EXPIRE', hash, kept_s)
  local known = redis.call('HMGET', hash, 'ts', 'team')
  if known[1] then
    local card = known[2] .. ':' .. channel .. ':' .. known[1]
    dirty_incident(card, ARGV[at + 4])
    redis.call('EXPIRE', key('card', card), kept_s)
  else
    push('posts', 'line', channel, 'notice/' .. channel .. '/' .. name, now() + tonumber(ARGV[at + 5]))
  end
end
local function store_notices(first, count)
  for at = first, first + count * NOTICE_ROW - 1, NOTICE_ROW do store_notice(at) end
end

local function cards_of(member)
  local ids = {}
  local found = redis.call('HGETALL', key('run', member, 'cards'))
  for at = 1, #found, 2 do ids[#ids + 1] = found[at + 1] end
  return ids
end

local function dirty_all(member, class)
  for _, card in ipairs(cards_of(member)) do dirty(card, class) end
end

-- A finished run's record is trimmed and expires once everything is posted, that is, when all of its cards are sealed.
local function retire(member)
  local run = key('run', member)
  if redis.call('HGET', run, 'concluded') ~= '1' then return end
  for _, card in ipairs(cards_of(member)) do
    local hash = key('card', card)
    if redis.call('EXISTS', hash) == 1 and redis.call('HGET', hash, 'sealed') ~= '1' then return end
  end
  redis.call('HSET', run, 'sealed', '1')
  redis.call('HDEL', run, 'digest')
  redis.call('EXPIRE', run, RETENTION_S)
  redis.call('EXPIRE', key('run', member, 'cards'), RETENTION_S)
end

-- A card is sealed when its final revision is shown (or can't be) and nothing is left to post in its thread.
local function seal(card)
  local hash = key('card', card)
  local state = redis.call('HMGET', hash, 'run', 'queued', 'pending', 'sealed')
  if not state[1] or state[2] or state[4] then return end
  if redis.call('HGET', key('run', state[1]), 'concluded') ~= '1' then return end
  if tonumber(state[3] or '0') > 0 then return end
  redis.call('HSET', hash, 'sealed', '1')
  redis.call('EXPIRE', hash, RETENTION_S)
  retire(state[1])
end

-- Gives up edits that wait in a channel, but for those under way. `watched` (true or false) is which: those of
-- incidents' and outages' messages, which fall behind and are tried again with the channel, or the others, which
-- aren't.
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

local DAY_S = 86400
-- Adds to the counts of days. `counts` is JSON: day, name and field of each.
local function count_all(counts)
  for _, count in ipairs(cjson.decode(counts)) do
    local counted = key('discovery', 'counted', count[1], count[2])
    redis.call('HINCRBY', counted, count[3], 1)
    redis.call('EXPIRE', counted, num(36 * DAY_S))
  end
end

-- Lists of runs per person (user:<id>) and channel (channel:<id>), so that no query reads every run: active runs,
-- scored by when they were added, and recent failures, scored by when they were concluded. Each list has a maximum
-- length and expires, so none grows with the total number of runs. Runs that another version has created or ended may
-- be missing or left over: see list_runs.lua.
local ACTIVE_MOST, ACTIVE_S = 500, 30 * DAY_S
local FAILED_MOST, FAILED_S = 20, 7 * DAY_S
-- The newest runs with a card in a channel, whatever their outcome.
local RECENT_MOST, RECENT_S = 5, 7 * DAY_S

local function enlist(list, member, most, seconds)
  redis.call('ZADD', list, 'NX', num(now()), member)
  redis.call('ZREMRANGEBYSCORE', list, '-inf', num(now() - seconds * 1000000))
  redis.call('ZREMRANGEBYRANK', list, 0, -1 - most)
  redis.call('EXPIRE', list, num(seconds))
end

-- Parses a run's facts (JSON), an empty table if they can't be parsed.
local function read_facts(facts)
  local could, known = pcall(cjson.decode, facts or '')
  return could and type(known) == 'table' and known or {}
end

local function list_of_asker(facts)
  local by = read_facts(facts).asked_by
  return type(by) == 'string' and by ~= '' and 'user:' .. by or nil
end

local function enlist_active(facts, member)
  local list = list_of_asker(facts)
  if list then enlist(key('active', list), member, ACTIVE_MOST, ACTIVE_S) end
end

-- If a concluded run gets a card or an asker, its failure is listed for them as well.
local function list_failure(member, list)
  local known = redis.call('HMGET', key('run', member), 'concluded', 'state')
  if list and known[1] == '1' and FAILURES[known[2]] then
    enlist(key('failed', list), member, FAILED_MOST, FAILED_S)
  end
end

-- Removes a finished run from the lists of active runs, and adds it to the lists of failures if it failed.
local function delist(member, failed)
  local lists = {list_of_asker(redis.call('HGET', key('run', member), 'facts') or '')}
  for _, card in ipairs(cards_of(member)) do lists[#lists + 1] = 'channel:' .. channel_of(card) end
  for _, list in ipairs(lists) do
    redis.call('ZREM', key('active', list), member)
    if failed then enlist(key('failed', list), member, FAILED_MOST, FAILED_S) end
  end
end

-- Creates a run that isn't followed yet. Returns true if it was created now.
local function create_run(member, facts, seen, state, digest, usual_s, began_s)
  local run = key('run', member)
  if redis.call('EXISTS', run) == 1 then return false end
  redis.call('HSET', run, 'rev', '1', 'facts', facts, 'seen', seen, 'state', state, 'digest', digest,
    'usual_s', usual_s, 'began_s', began_s)
  redis.call('ZADD', key('due', 'polls'), num(now()), member)
  enlist_active(facts, member)
  return true
end

-- Ties a message to a run: at most one card per run and channel; the first one is the owner.
local function attach(member, card)
  local team, channel = string.match(card, '^([^:]*):([^:]*):')
  redis.call('HSETNX', key('run', member, 'cards'), channel, card)
  redis.call('HSETNX', key('run', member), 'owner', card)
  redis.call('HSET', key('card', card), 'team', team, 'run', member)
  enlist(key('recent', 'channel:' .. channel), member, RECENT_MOST, RECENT_S)
  if redis.call('HGET', key('run', member), 'final') ~= '1' then
    enlist(key('active', 'channel:' .. channel), member, ACTIVE_MOST, ACTIVE_S)
  end
end

-- Queues the end of a run that had ended before its card was tied to it, and its log if that is still to come. Returns
-- whether it had.
local function tell_end(member, card)
  local run, hash, channel = key('run', member), key('card', card), channel_of(card)
  local known = redis.call('HMGET', run, 'concluded', 'state')
  if known[1] ~= '1' then return false end
  local class = FAILURES[known[2]] and 'fail' or 'end'
  redis.call('HSET', hash, 'pending', redis.call('ZSCORE', key('due', 'ends'), member) and 2 or 1)
  redis.call('HDEL', run, 'sealed')
  list_failure(member, 'channel:' .. channel)
  dirty(card, class)
  push('posts', class, channel, 'end/' .. card, now())
  return true
end

-- Whether a run was started by one of our requests. A run that is only followed has a card, and may still be the result
-- of a lost start.
local function is_ours(member)
  local known = redis.call('HMGET', key('run', member), 'told', 'facts')
  return known[1] or type(read_facts(known[2]).request) == 'string'
end

-- Updates the facts of a run that wasn't started here, if more is known now.
local function tell_more(member, facts, usual_s, began_s)
  local run = key('run', member)
  if is_ours(member) or redis.call('HGET', run, 'facts') == facts then return end
  redis.call('HSET', run, 'facts', facts, 'usual_s', usual_s, 'began_s', began_s)
  redis.call('HINCRBY', run, 'rev', 1)
  if redis.call('HGET', run, 'final') ~= '1' then enlist_active(facts, member) end
  dirty_all(member, 'state')
end

-- A schedule's queue: the starts that wait for their turn, in the order in which they were asked for, as a sorted set
-- of request ids. A start stays in it until its outcome is known; until then the next one waits. Its key, `line`, and
-- the key of the lists below, `waits`, are words of older versions.
local IN_QUEUE = {queued = true, accepted = true, looked = true, carded = true, sending = true, looking = true}

-- Queued starts per person (user:<id>) and channel (channel:<id>), scored by when they began to wait. See
-- queued_starts.lua.
local QUEUED_MOST, QUEUED_S = 100, 8 * DAY_S
local function queued_lists(id)
  local body = read_facts(redis.call('HGET', key('req', id), 'body'))
  return {key('waits', 'user:' .. tostring(body.user)), key('waits', 'channel:' .. tostring(body.channel))}
end
local function list_queued(id)
  for _, list in ipairs(queued_lists(id)) do enlist(list, id, QUEUED_MOST, QUEUED_S) end
end
local function unlist_queued(id)
  for _, list in ipairs(queued_lists(id)) do redis.call('ZREM', list, id) end
end

-- Makes a start wait for the end of a run, or of no known run ('').
local function wait_for(id, member)
  redis.call('HSET', key('req', id), 'behind', member)
  if member == '' then return end
  redis.call('SADD', key('run', member, 'waiting'), id)
  redis.call('EXPIRE', key('run', member, 'waiting'), RETENTION_S)
end

-- Tidies a queue, and returns the starts that still wait in it, oldest first. Others are removed; if one of them was
-- started, the rest wait for its run. Cards that show an outdated position in the queue are edited.
local function tidy_queue(name)
  local queue, queued, after = key('line', name), {}, nil
  for _, id in ipairs(redis.call('ZRANGE', queue, 0, -1)) do
    local known = redis.call('HMGET', key('req', id), 'state', 'run')
    if known[1] and IN_QUEUE[known[1]] then
      queued[#queued + 1] = id
    else
      redis.call('ZREM', queue, id)
      after = known[2] or after
    end
  end
  for position, id in ipairs(queued) do
    local hash = key('req', id)
    local known = redis.call('HMGET', hash, 'state', 'ahead', 'card', 'checked_us', 'queued_us')
    -- A start from before an absence may have been sent since, without a trace in this data. Its card would show that,
    -- so the card isn't edited until the start's turn, when it's read.
    if tonumber(known[4] or known[5] or '0') < absence_ended() then known[3] = nil end
    if known[1] == 'queued' and (after or tonumber(known[2] or '0') ~= position - 1) then
      if after then wait_for(id, after) end
      redis.call('HSET', hash, 'ahead', position - 1)
      redis.call('HINCRBY', hash, 'rev', 1)
      if known[3] then dirty(known[3], 'state') end
    end
  end
  return queued
end

-- Makes every start that waits in a queue due now.
local function call_next(name)
  for _, id in ipairs(redis.call('ZRANGE', key('line', name), 0, -1)) do
    redis.call('ZADD', key('due', 'queue'), 'XX', 'LT', num(now()), id)
  end
end

-- The audit log (see add_audit_entry.lua): scripts add what they decide about a start or a run in the same step.
local function record(pairs)
  local fields = {}
  for at = 1, #pairs, 2 do
    if type(pairs[at + 1]) == 'string' and pairs[at + 1] ~= '' then
      fields[#fields + 1] = pairs[at]
      fields[#fields + 1] = pairs[at + 1]
    end
  end
  redis.call('XADD', key('audit'), 'MAXLEN', '~', redis.call('GET', key('audit', 'most')) or '100000', '*', unpack(fields))
end
local function record_start(event, id, user, outcome, run)
  local known = redis.call('HMGET', key('req', id), 'body', 'look')
  local body, look = read_facts(known[1]), read_facts(known[2])
  local by = user or body.user or ''
  local command = type(body.wanted) == 'table' and body.wanted or {}
  local schedule = look.slug or command.schedule or command.latest_of or ''
  record({'event', event, 'request', id, 'user', by, 'user_name', by == body.user and body.user_name or '',
    'team', body.team or '', 'channel', body.channel or '', 'channel_name', look.channel_name or '',
    'schedule', schedule, 'outcome', outcome or '', 'run', run or ''})
end
local function record_end(member, state)
  local facts = read_facts(redis.call('HGET', key('run', member), 'facts'))
  if type(facts.request) ~= 'string' then return end
  record({'event', 'ended', 'request', facts.request, 'user', facts.asked_by or '', 'schedule', facts.schedule or '',
    'outcome', state or '', 'run', string.match(member, ':(%d+)$') or ''})
end

-- Watches: one hash, by channel:number, which every process keeps in memory until its revision changes. No revision is
-- used twice, even if Redis has lost its data in between.
local function watches_changed()
  local before = tonumber(redis.call('GET', key('standing', 'rev')) or '0')
  redis.call('SET', key('standing', 'rev'), num(math.max(before + 1, now())))
end

-- Checks a channel with a watch soon, and then regularly: whether the bot can post there, and is allowed to. Not at
-- once, because the bot may be about to join it. Direct messages don't change.
local function check_soon(channel, how)
  if string.sub(channel, 1, 1) == 'D' then return end
  redis.call('ZADD', key('due', 'channels'), how or 'LT', num(now() + 60 * 1000000), channel)
end

-- Adds the audit entry of a watch whose fields and values are in ARGV from `first` on, if there are any.
local function record_watch(number, first)
  if not ARGV[first] then return end
  local pairs = {'outcome', 'watch ' .. number}
  for at = first, #ARGV do pairs[#pairs + 1] = ARGV[at] end
  record(pairs)
end

-- Nobody watches a schedule anymore: its runs aren't looked at. If it's soon watched again, that goes on from what was
-- known.
local function forget_schedule(slug)
  redis.call('HDEL', key('discovery', 'slots'), slug)
  redis.call('ZADD', key('due', 'late'), 'XX', 'LT', num(now()), slug)
  redis.call('HDEL', key('discovery', 'activity'), slug)
  redis.call('ZREM', key('due', 'looks'), slug)
  redis.call('EXPIRE', key('discovery', 'of', slug), num(DAY_S))
  -- An account of a gap doesn't wait for it either.
  local gap = redis.call('HGET', key('gap', 'now'), 'number')
  if gap then redis.call('SREM', key('gap', gap, 'unlooked'), slug) end
end

-- Without any watch, schedules aren't listed.
local function end_discovery()
  redis.call('ZREM', key('due', 'discovery'), 'schedules')
  for _, slug in ipairs(redis.call('HKEYS', key('discovery', 'activity'))) do forget_schedule(slug) end
  -- Until there's a watch again, nothing is missed.
  redis.call('DEL', key('discovery', 'at'))
end

-- The slug that a schedule has now: it may have been given another one in Bolt since it was found under this one. If a
-- schedule has this slug now, it's a different schedule.
local function current_slug(slug)
  if redis.call('EXISTS', key('discovery', 'of', slug)) == 1 then return slug end
  return redis.call('GET', key('discovery', 'renamed', slug)) or slug
end

-- Hands the end of a run that discovery has found over to the watches of its schedule, to be accounted for. Returns
-- whether it did, and whether an earlier report of this run's end was still waiting there, which this one replaces.
local function hand_over(member, ended)
  local slug = redis.call('HGET', key('run', member), 'discovered')
  if slug then slug = current_slug(slug) end
  local record = key('discovery', 'of', slug or '')
  -- Without a record, nobody has watched its schedule for a day.
  if not slug or redis.call('EXISTS', record) == 0 then return false end
  local waited = redis.call('HSET', key('discovery', 'ended', slug), string.match(member, ':(%d+)$'), ended) == 0
  -- Whoever is accounting for an earlier report of this run's end has to decide again.
  redis.call('HINCRBY', record, 'rev', 1)
  redis.call('ZADD', key('due', 'accounts'), 'LT', num(now()), slug)
  return true, waited
end

-- Has the asker notified of the end of a retry without a card, because no incident's message reports it.
local function tell_asker(id)
  local hash = key('req', id)
  local known = redis.call('HMGET', hash, 'state', 'incident')
  if known[1] ~= 'settled' or not known[2] or redis.call('HSETNX', hash, 'untold', '1') == 0 then return end
  redis.call('ZADD', key('due', 'requests'), num(now()), id)
end

-- Listings of schedules that hints ask for: `discovery:hinted` has the times at which they're wanted,
-- `discovery:hint_calls` the times of the requests that hints have caused in the last minute.
local HINT_REPEATS_S = {0, 2, 5, 15}
local HINT_GAP_US, HINT_CALLS_MOST, MINUTE_US = 2000000, 30, 60000000
local function hint_calls_left()
  local calls = key('discovery', 'hint_calls')
  redis.call('ZREMRANGEBYSCORE', calls, '-inf', num(now() - MINUTE_US))
  return HINT_CALLS_MOST - redis.call('ZCARD', calls)
end
local function count_hint_calls(count)
  local calls, at = key('discovery', 'hint_calls'), now()
  for number = 1, count do redis.call('ZADD', calls, num(at), num(at) .. ':' .. number) end
  redis.call('EXPIRE', calls, 120)
end
-- Returns when the next such listing may be made, nil if none is wanted.
local function hinted_listing_at()
  local first = redis.call('ZRANGE', key('discovery', 'hinted'), 0, 0, 'WITHSCORES')
  if #first == 0 then return nil end
  local due, left = tonumber(first[2]), hint_calls_left()
  local calls = key('discovery', 'hint_calls')
  local last = redis.call('ZRANGE', calls, -1, -1, 'WITHSCORES')
  if #last > 0 then due = math.max(due, tonumber(last[2]) + HINT_GAP_US) end
  if left < 1 then
    local oldest = redis.call('ZRANGE', calls, math.abs(left), math.abs(left), 'WITHSCORES')
    due = math.max(due, tonumber(oldest[2]) + MINUTE_US)
  end
  return due
end

-- Gaps between complete listings of schedules: one hash per gap by its number, and a copy of the newest one.
local GAP_KEPT_S = 7 * DAY_S
local function change_gap(number, fields)
  -- An earlier gap may be completed when a newer one has begun.
  local newest = redis.call('HGET', key('gap', 'now'), 'number') or number
  for _, name in ipairs({number, newest == number and 'now' or nil}) do
    redis.call('HSET', key('gap', name), unpack(fields))
    redis.call('EXPIRE', key('gap', name), GAP_KEPT_S)
  end
end
local function new_gap(since)
  local number = num(redis.call('INCR', key('gap', 'number')))
  redis.call('DEL', key('gap', 'now'))
  change_gap(number, {'number', number, 'since', since})
  return number
end

-- Whether the account of a gap is still to come in a channel, or what a gap has hidden is still being found.
-- Read once: a script that changes the gaps asks afterwards.
local accounts_to_come
local function account_comes(channel)
  if not accounts_to_come then
    accounts_to_come = {}
    for _, member in ipairs(redis.call('ZRANGE', key('due', 'gaps'), 0, -1)) do
      accounts_to_come[string.match(member, '^(.*):%d+$') or ''] = true
    end
  end
  return accounts_to_come[''] or accounts_to_come[channel] or false
end

-- A channel without any watch is looked at now: its checks end, and what is withheld there is dropped, because no
-- account of a gap will list it, and a later watch isn't about it.
local watched_channels
local function look_unless_watched(channel)
  if not watched_channels then
    watched_channels = {}
    for _, name in ipairs(redis.call('HKEYS', key('standing'))) do
      watched_channels[string.match(name, '^(.*):%d+$')] = true
    end
  end
  if watched_channels[channel] then return end
  for _, set in ipairs({'quiet', 'channels'}) do
    redis.call('ZADD', key('due', set), 'XX', 'LT', num(now()), channel)
  end
end

-- Returns the channels with a watch that isn't paused.
local function watching_channels()
  local found, seen = {}, {}
  local standing = redis.call('HGETALL', key('standing'))
  for at = 1, #standing, 2 do
    local channel, paused = string.match(standing[at], '^(.*):%d+$'), read_facts(standing[at + 1]).paused
    if not seen[channel] and (not paused or paused == '') then
      found[#found + 1], seen[channel] = channel, true
    end
  end
  return found
end
