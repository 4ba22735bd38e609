-- A schedule's queue: the starts that wait for their turn, in the order in which they were asked for, as a sorted set
-- of request ids. A start stays in it until its outcome is known; until then the next one waits. Its key, `line`, and
-- the key of the lists below, `waits`, are names from older versions.
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

-- Makes a start wait for the end of a run, which is '' if it isn't known.
local function wait_for(id, member)
  redis.call('HSET', key('req', id), 'behind', member)
  if member == '' then return end
  redis.call('SADD', key('run', member, 'waiting'), id)
  redis.call('EXPIRE', key('run', member, 'waiting'), RETENTION_S)
end

-- Tidies a queue, and returns the starts that still wait in it, oldest first. Other starts are removed; if one of
-- those was sent, the rest wait for its run. Cards that show an outdated position in the queue are edited.
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
    -- A start that was queued before an absence may have been sent since, although this data doesn't show it. Its card
    -- may still show the run, so it isn't edited until the start's turn, when the bot reads it.
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
