-- Stores one poll's observations of many runs. ARGV: set that they are claimed from (polls or strays), token,
-- claimed_us, delay of successes in microseconds if many runs end at once, then for each run: member, state, final ('1'
-- or '0'), digest, seen, delay to the next poll in microseconds. Returns one word per run: same, changed, final, stale
-- or gone. `bot.core.runs.poll_interval` decides the delay.
local set, token, claimed_us = key('due', ARGV[3]), ARGV[4], tonumber(ARGV[5])
local polls, out = key('due', 'polls'), {}
-- Read once: reading it at each step of the search below blocked Redis for tens of milliseconds past 12,000 runs.
local at_us = now()

-- If this many end together, failures among the runs that aren't seen yet should go first as well.
local MANY = 10
local ends, later_us = 0, 0
for at = 9, #ARGV, 6 do if ARGV[at] == '1' then ends = ends + 1 end end
if ends >= MANY then later_us = tonumber(ARGV[6]) end

-- Due times are rounded down to ticks, so that one request serves many runs and no run waits longer than its bound. A
-- tick is a power of two of seconds, at most a quarter of the delay. With many runs, ticks are shorter: each still gets
-- a whole batch, and the runs are spread evenly. Runs that were polled together (after a start, or an outage) would
-- stay due together, with the last batches waiting for the others. So if a tick already has a whole batch, a run goes
-- to the last earlier tick with room, which spreads such runs over the interval.
local BATCH, SHORTEST_US = 100, 125000
local followed = math.max(1, redis.call('ZCARD', polls))
local crowds = {}
local function crowd(due)
  if not crowds[due] then crowds[due] = redis.call('ZCOUNT', polls, num(due), num(due)) end
  return crowds[due]
end
local function due_after(delay_us)
  local filling_us = math.max(SHORTEST_US, delay_us * BATCH / followed)
  local longest_us = math.min(math.max(delay_us, 1000) / 4, filling_us)
  local tick = 2 ^ math.floor(math.log(longest_us / 1000000) / math.log(2)) * 1000000
  local last = math.floor((at_us + delay_us) / tick) * tick
  local due = last
  while crowd(due) >= BATCH and due - tick > at_us + tick / 2 do due = due - tick end
  if crowd(due) >= BATCH then due = last end
  crowds[due] = crowd(due) + 1
  return due
end

local function store(member, state, final, digest, seen)
  local run = key('run', member)
  local known = redis.call('HMGET', run, 'rev', 'digest', 'state', 'final', 'seen_us', 'began_s')
  if not known[1] then return 'gone' end
  if known[4] == '1' then return 'final' end
  if tonumber(known[5] or '0') > claimed_us then return 'stale' end
  redis.call('HSET', run, 'seen_us', num(claimed_us))
  redis.call('HDEL', run, 'unknown_us')
  if known[2] == digest then return 'same' end
  redis.call('HSET', run, 'seen', seen, 'state', state, 'digest', digest)
  redis.call('HINCRBY', run, 'rev', 1)
  if not final then
    dirty_all(member, known[3] == state and 'progress' or 'state')
    return 'changed'
  end
  -- The card becomes final together with its announcement, once the end has been read: see conclude_run.lua.
  redis.call('HSET', run, 'final', '1', 'final_us', num(now()))
  -- If the run was last seen before an absence, its end may have been announced in the meantime: see conclude_run.lua.
  local before_us = tonumber(known[5]) or (tonumber(known[6]) or 0) * 1000000
  if before_us < absence_ended() then redis.call('HSET', run, 'unseen_us', num(before_us)) end
  -- A request to cancel that didn't lead to this end is answered by its worker.
  if state == 'CANCELED' and tonumber(redis.call('HGET', run, 'tries') or '0') > 0 then
    redis.call('ZREM', key('due', 'cancels'), member)
  elseif redis.call('HEXISTS', run, 'wish') == 1 then
    redis.call('ZADD', key('due', 'cancels'), 'XX', 'LT', num(now()), member)
  end
  for _, id in ipairs(redis.call('SMEMBERS', key('run', member, 'waiting'))) do
    redis.call('ZADD', key('due', 'queue'), 'XX', 'LT', num(now()), id)
  end
  redis.call('DEL', key('run', member, 'waiting'))
  redis.call('ZADD', key('due', 'ends'), num(now() + (state == 'SUCCESS' and later_us or 0)), member)
  return 'final'
end

for at = 7, #ARGV, 6 do
  local member = ARGV[at]
  local word = store(member, ARGV[at + 1], ARGV[at + 2] == '1', ARGV[at + 3], ARGV[at + 4])
  out[#out + 1] = word
  if word == 'final' or word == 'gone' then
    redis.call('ZREM', polls, member)
    redis.call('ZREM', set, member)
  elseif owns(set, member, token) then
    if set ~= polls then redis.call('ZREM', set, member) end
    redis.call('ZADD', polls, num(due_after(tonumber(ARGV[at + 5]))), member)
  end
end
return out
