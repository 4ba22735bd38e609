-- Runs and the cards that are tied to them.

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

-- If a run had ended before its card was tied to it, queues the post about its end, and marks its log as awaited if that
-- hasn't been read yet. Returns whether the run had ended.
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
