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

-- Parses a run's facts (JSON). Returns an empty table if they can't be parsed.
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
