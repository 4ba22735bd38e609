-- Stores what one poll told of many runs. ARGV: token, claimed_us, then for each run: member, state, final ('1' or '0'),
-- digest, seen, delay to the next poll in us. Gives one word a run: same, changed, final, stale or gone.
local token, claimed_us = ARGV[3], tonumber(ARGV[4])
local polls, out = key('due', 'polls'), {}

local function store(member, state, final, digest, seen)
  local run = key('run', member)
  local known = redis.call('HMGET', run, 'rev', 'digest', 'state', 'final', 'seen_us')
  if not known[1] then return 'gone' end
  if known[4] == '1' then return 'final' end
  if tonumber(known[5] or '0') > claimed_us then return 'stale' end
  redis.call('HSET', run, 'seen_us', num(claimed_us))
  if known[2] == digest then return 'same' end
  redis.call('HSET', run, 'seen', seen, 'state', state, 'digest', digest)
  redis.call('HINCRBY', run, 'rev', 1)
  if not final then
    dirty_all(member, known[3] == state and 'progress' or 'state')
    return 'changed'
  end
  -- The card turns final together with its announcement, when the end has been read: see conclude.lua.
  redis.call('HSET', run, 'final', '1', 'final_us', num(now()))
  redis.call('ZREM', key('due', 'cancels'), member)
  redis.call('ZADD', key('due', 'ends'), num(now()), member)
  return 'final'
end

for at = 5, #ARGV, 6 do
  local member = ARGV[at]
  local word = store(member, ARGV[at + 1], ARGV[at + 2] == '1', ARGV[at + 3], ARGV[at + 4])
  out[#out + 1] = word
  if word == 'final' or word == 'gone' then
    redis.call('ZREM', polls, member)
  elseif owns(polls, member, token) then
    redis.call('ZADD', polls, num(now() + tonumber(ARGV[at + 5])), member)
  end
end
return out
