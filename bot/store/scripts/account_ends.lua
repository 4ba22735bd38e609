-- Accounts once for the ends of a schedule's runs and for the incidents that they change; it can also change incidents
-- alone. Returns 'ok', or does nothing and returns 'again' if anything has changed since it was loaded. ARGV:
-- slug, token of the claim ('' if only incidents change), the record's revision, ledger, counts to add (JSON: day, name
-- and field of each);
-- number of runs, then their members;
-- number of incidents, then for each: channel, expected revision, incident, serial, edit ('now', 'count' or 'none'),
-- posts (number:class,...), whether it needs a message ('1' or '0'), whether it's open ('1' or '0'), the time in
-- microseconds at which it changes by itself or '', its cause, its team, the time in microseconds at which the quiet
-- hours that withhold part of it end or '', the number of messages that were replaced, and, if its outage's message may
-- be replaced, the time in microseconds by which that message must have become uneditable or '';
-- number of notices, then their rows (see shared/notices.lua);
-- the starts whose end no incident reports.
-- `bot.core.watching.incident_life` decides how incidents change; this script decides about outages (`outage_for`).
local WIDTH = 14
local START_OVER = {refused = true, closed = true}
local slug, token, accounts = ARGV[3], ARGV[4], key('due', 'accounts')
local record, ended = key('discovery', 'of', slug), key('discovery', 'ended', slug)
local runs, first_run = tonumber(ARGV[8]), 9
local first = first_run + runs + 1
local last = first + tonumber(ARGV[first - 1]) * WIDTH - 1
local notices = tonumber(ARGV[last + 1] or '0')

local function incident_key(channel) return key('incident', channel, slug) end
local function changed()
  if token ~= '' then
    if not owns(accounts, slug, token) then return true end
    if (redis.call('HGET', record, 'rev') or '0') ~= ARGV[5] then return true end
  end
  for at = first, last, WIDTH do
    if (redis.call('HGET', incident_key(ARGV[at]), 'rev') or '0') ~= ARGV[at + 1] then return true end
  end
  return notices_changed(last + 2, notices)
end
if changed() then return 'again' end

if token ~= '' then
  redis.call('HSET', record, 'ledger', ARGV[6])
  redis.call('HINCRBY', record, 'rev', 1)
  for number = first_run, first_run + runs - 1 do
    local member = ARGV[number]
    redis.call('HDEL', ended, string.match(member, ':(%d+)$'))
    redis.call('ZREM', key('due', 'slow'), member)
    -- Only the incident reports a run without a card, so its record isn't needed for long: Bolt still has the run.
    if #cards_of(member) == 0 and redis.call('EXISTS', key('run', member)) == 1 then
      redis.call('EXPIRE', key('run', member), num(DAY_S))
      -- The run has ended in an unknown state, so it's no longer polled.
      if redis.call('HGET', key('run', member), 'final') ~= '1' then
        for _, set in ipairs({'polls', 'strays'}) do
          redis.call('ZREM', key('due', set), member)
        end
      end
    end
  end
  count_all(ARGV[7])
  if redis.call('EXISTS', ended) == 1 then
    redis.call('ZADD', accounts, num(now()), slug)
  else
    redis.call('ZREM', accounts, slug)
  end
end

-- When many incidents open in a channel within a short time, the first few have messages of their own, and the others
-- share one: an outage. While it's open, a new incident with one of its causes joins it. Returns its number, or nil.
-- The numbers must match those in bot/core/model/outage.py.
local APART_MOST, WITHIN_US = 5, 120 * 1000000
local function outage_for(channel, cause, team)
  local open, at = key('outage', 'open', channel), now()
  for _, number in ipairs(redis.call('ZRANGE', open, 0, -1, 'REV')) do
    local joined = tonumber(redis.call('ZSCORE', open, number))
    if at - joined <= WITHIN_US or redis.call('SISMEMBER', key('outage', channel, number, 'causes'), cause) == 1 then
      return number
    end
  end
  local recent = key('outage', 'recent', channel)
  redis.call('ZREMRANGEBYSCORE', recent, '-inf', num(at - WITHIN_US))
  if redis.call('ZCARD', recent) < APART_MOST then
    redis.call('ZADD', recent, num(at), slug)
    redis.call('EXPIRE', recent, num(WITHIN_US / 1000000))
    return nil
  end
  local number = num(redis.call('HINCRBY', key('outage', 'numbers'), channel, 1))
  -- The incidents with messages of their own have each notified somebody, which counts toward the people whom an outage
  -- may notify.
  redis.call('HSET', key('outage', channel, number), 'team', team, 'rev', '0', 'mentions', APART_MOST)
  redis.call('ZADD', key('due', 'outages'), num(at + 15000000), channel .. ':' .. number)
  return number
end

local function join_outage(channel, number, cause, hash)
  redis.call('HSET', hash, 'outage', number)
  redis.call('ZADD', key('outage', channel, number, 'members'), 'NX', num(now()), slug)
  redis.call('SADD', key('outage', channel, number, 'causes'), cause)
  redis.call('ZADD', key('outage', 'open', channel), num(now()), number)
  redis.call('ZADD', key('due', 'outages'), 'NX', num(now() + 15000000), channel .. ':' .. number)
end

-- If a failure comes a day or more after a message could no longer be edited, a new message replaces it, with a link to
-- the old one and a thread of its own. Returns whether the message is replaced.
local function renew_outage(channel, number, uneditable_by)
  local hash = key('outage', channel, number)
  local known = redis.call('HMGET', hash, 'fixed_us', 'ts', 'line')
  if uneditable_by == '' or not known[1] or tonumber(known[1]) > tonumber(uneditable_by) then return false end
  if known[3] then redis.call('ZREM', key('posts', 'line', channel), outage_line(channel, number, known[3])) end
  for _, field in ipairs(redis.call('HKEYS', hash)) do
    if string.sub(field, 1, 5) == 'post-' then redis.call('HDEL', hash, field) end
  end
  redis.call('HSET', hash, 'earlier', known[2] or '')
  redis.call('HDEL', hash, 'ts', 'fixed_us', 'line_us', 'posts', 'mentions')
  redis.call('HINCRBY', hash, 'replaced', 1)
  redis.call('ZADD', key('due', 'outages'), 'NX', num(now() + 15000000), channel .. ':' .. number)
  return true
end

-- An outage is over when none of its schedules fails anymore, and begins again when one of them fails soon after.
local function change_outage(channel, number, open, edit, renewed)
  local index, hash = key('outage', 'open', channel), key('outage', channel, number)
  local line = edit == 'count' and 'never' or token == '' and 'soon' or 'later'
  local parts = {hash, key('outage', channel, number, 'members'), key('outage', channel, number, 'causes')}
  if open then
    for _, part in ipairs(parts) do redis.call('PERSIST', part) end
    local over = not redis.call('ZSCORE', index, number) and redis.call('HGET', hash, 'over')
    if over and not renewed then
      line = 'never'
      -- The thread already says that all have recovered.
      push('posts', 'line', channel, 'outage/again-' .. over .. '/' .. channel .. '/' .. number, now())
      redis.call('ZADD', key('due', 'outages'), 'NX', num(now() + 15000000), channel .. ':' .. number)
    end
    -- Scored as if no incident had joined it recently, so an incident with another cause gets its own message.
    redis.call('ZADD', index, 'NX', num(now() - WITHIN_US - 1), number)
  elseif redis.call('ZSCORE', index, number) then
    local failing = false
    for _, member in ipairs(redis.call('ZRANGE', parts[2], 0, -1)) do
      failing = failing or redis.call('ZSCORE', key('incident', 'open'), channel .. ':' .. member) ~= false
    end
    if not failing then
      line = 'never'
      redis.call('ZREM', index, number)
      local over = redis.call('HINCRBY', hash, 'over', 1)
      push('posts', 'recovery', channel, 'outage/over-' .. num(over) .. '/' .. channel .. '/' .. number, now())
      for _, part in ipairs(parts) do redis.call('EXPIRE', part, RETENTION_S) end
    end
  end
  touch_outage(channel, number, line)
end

-- Renames posts that wait for the thread of an incident along with it, because the next incident's posts have the same
-- names. Returns whether any were renamed.
local function move_posts(channel, named)
  local moved = false
  for _, class in ipairs({'opened', 'recovery', 'line', 'attached'}) do
    local items = key('posts', class, channel)
    for _, item in ipairs(redis.call('ZRANGE', items, 0, -1)) do
      local what, of = string.match(item, '^incident/([^/]+)/[^/]*/(.*)$')
      if of == slug then
        push('posts', class, channel, 'incident/' .. what .. '/' .. channel .. '/' .. named,
          tonumber(redis.call('ZSCORE', items, item)))
        redis.call('ZREM', items, item)
        moved = true
      end
    end
  end
  return moved
end

for at = first, last, WIDTH do
  local channel, hash = ARGV[at], incident_key(ARGV[at])
  local serial, edit, posts, message = ARGV[at + 3], ARGV[at + 4], ARGV[at + 5], ARGV[at + 6] == '1'
  local before = redis.call('HGET', hash, 'serial')
  if before ~= serial then
    -- A new incident has a message of its own. The previous incident's message stays as it is, once its last state is
    -- shown. If it wasn't posted yet, or is being posted now, it's posted once under its new name, along with the posts
    -- that wait for its thread.
    local old, named = redis.call('HMGET', hash, 'team', 'ts'), slug .. ':before:' .. (before or '')
    local card = old[2] and key('card', old[1] .. ':' .. channel .. ':' .. old[2])
    local is_edited = card and redis.call('HEXISTS', card, 'queued') == 1
    local due = not old[2] and redis.call('ZSCORE', key('posts', 'opening', channel), 'incident/0/' .. channel .. '/' .. slug)
    local has_posts = before and move_posts(channel, named)
    if before and (is_edited or due or has_posts) then
      redis.call('RENAME', hash, key('incident', channel, named))
      redis.call('EXPIRE', key('incident', channel, named), RETENTION_S)
      if is_edited then redis.call('HSET', card, 'incident', channel .. ':' .. named) end
      if due then push('posts', 'opening', channel, 'incident/0/' .. channel .. '/' .. named, math.max(now(), tonumber(due))) end
      -- The message was deleted, and no new one could be posted. Posts that wait for its thread are dropped.
      if not old[2] and not due then redis.call('HSETNX', key('incident', channel, named), 'refused', 'replaced') end
    end
    redis.call('DEL', hash)
    redis.call('HSET', hash, 'serial', serial, 'rev', ARGV[at + 1])
  end
  if before == serial and (redis.call('HGET', hash, 'replaced') or '0') ~= ARGV[at + 12] then
    -- The incident's message can't be edited anymore. A new message, with a link to the old one, replaces it.
    local ts = redis.call('HGET', hash, 'ts')
    if ts then redis.call('HSET', hash, 'earlier', ts) end
    redis.call('HDEL', hash, 'ts', 'post-' .. serial)
  end
  redis.call('HSET', hash, 'incident', ARGV[at + 2], 'posts', posts, 'replaced', ARGV[at + 12])
  -- The next end of a run replaces the line that says why a retry wasn't started.
  local start = token ~= '' and redis.call('HGET', hash, 'request')
  if start and START_OVER[redis.call('HGET', key('req', start), 'state') or 'closed'] then
    redis.call('HDEL', hash, 'request')
  end
  redis.call('HINCRBY', hash, 'rev', 1)
  local member = channel .. ':' .. slug
  if ARGV[at + 7] == '1' then
    redis.call('ZADD', key('incident', 'open'), 'NX', num(now()), member)
    redis.call('SADD', key('discovery', 'failing', slug), channel)
    redis.call('PERSIST', hash)
  else
    redis.call('ZREM', key('incident', 'open'), member)
    redis.call('SREM', key('discovery', 'failing', slug), channel)
    redis.call('EXPIRE', hash, RETENTION_S)
  end
  if ARGV[at + 8] ~= '' then
    redis.call('ZADD', key('due', 'incidents'), ARGV[at + 8], member)
  else
    redis.call('ZREM', key('due', 'incidents'), member)
  end
  if ARGV[at + 11] ~= '' then
    redis.call('SADD', key('incident', 'withheld', channel), slug)
    redis.call('ZADD', key('due', 'quiet'), 'LT', ARGV[at + 11], channel)
    -- After this was decided, its watch may have been stopped, or the account of the gap may have been queued.
    look_unless_watched(channel)
    if cjson.decode(ARGV[at + 2]).withheld.gap == true and not account_comes(channel) then
      redis.call('ZADD', key('due', 'quiet'), 'LT', num(now()), channel)
    end
  elseif redis.call('SREM', key('incident', 'withheld', channel), slug) == 1
    and redis.call('EXISTS', key('incident', 'withheld', channel)) == 0 then
    redis.call('ZREM', key('due', 'quiet'), channel)
  end
  local known = redis.call('HMGET', hash, 'ts', 'team', 'outage', 'grouped')
  local open, cause = ARGV[at + 7] == '1', ARGV[at + 9]
  -- Nothing can be posted in the channel now. Once the bot is back, one message says what has happened.
  local away = redis.call('EXISTS', key('away', channel)) == 1
  if away then mark_behind(channel, slug) end
  if not away and not known[1] and not known[3] and not known[4] and message and open then
    redis.call('HSET', hash, 'grouped', '1')
    local number = outage_for(channel, cause, ARGV[at + 10])
    if number then join_outage(channel, number, cause, hash) end
    known[3] = number
  end
  if known[3] then
    if open then redis.call('SADD', key('outage', channel, known[3], 'causes'), cause) end
    local renewed = renew_outage(channel, known[3], ARGV[at + 13])
    if renewed or edit ~= 'none' then change_outage(channel, known[3], open, edit, renewed) end
  elseif away then
    if known[1] and edit ~= 'none' then dirty_incident(known[2] .. ':' .. channel .. ':' .. known[1], edit) end
  elseif known[1] then
    if edit ~= 'none' then dirty_incident(known[2] .. ':' .. channel .. ':' .. known[1], edit) end
    push_incident_posts(channel, slug)
  elseif message then
    push('posts', 'opening', channel, 'incident/0/' .. channel .. '/' .. slug, now())
  else
    push_incident_posts(channel, slug)
  end
end
store_notices(last + 2, notices)
for at = last + 2 + notices * NOTICE_ROW, #ARGV do tell_asker(ARGV[at]) end
return 'ok'
