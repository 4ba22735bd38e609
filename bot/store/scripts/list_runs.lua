-- Returns the runs of some lists, newest first, without duplicates. ARGV: which ('active', 'failed' or 'recent'), how
-- many to skip, how many to return, a list whose runs are left out or '', then lists (user:<id>, channel:<id>). Stale
-- entries are removed from their list: their record is gone, or an older version without lists ended the run. Returns
-- {how many there are, member, card or '', rev, facts, seen, wish, tries, end, retried, member, ...}
local which, skip, most, without = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local FIELDS = {'rev', 'facts', 'seen', 'wish', 'tries', 'end', 'retried'}
-- Only this many of the newest runs are read, however many lists there are: Redis does nothing else while this script
-- runs.
local LOOKED_AT = #ARGV == 7 and ACTIVE_MOST or 150
local oldest = which == 'failed' and num(now() - FAILED_S * 1000000) or '-inf'

local found, since, where = {}, {}, {}
local function newer(a, b)
  if since[a] == since[b] then return a > b end
  return since[a] > since[b]
end
-- Keeps the newest of the runs found. Nothing older is read from then on.
local function prune()
  table.sort(found, newer)
  for at = #found, LOOKED_AT + 1, -1 do
    since[found[at]], found[at] = nil, nil
  end
  if #found == LOOKED_AT then oldest = num(since[found[LOOKED_AT]]) end
end

for at = 7, #ARGV do
  local part =
    redis.call('ZRANGE', key(which, ARGV[at]), '+inf', oldest, 'BYSCORE', 'REV', 'LIMIT', 0, LOOKED_AT, 'WITHSCORES')
  for place = 1, #part, 2 do
    local member = part[place]
    if not since[member] then
      found[#found + 1], since[member], where[member] = member, tonumber(part[place + 1]), ARGV[at]
    end
  end
  if #found >= 2 * LOOKED_AT then prune() end
end
prune()

local function to_be_shown(member)
  local state = redis.call('HMGET', key('run', member), 'rev', 'concluded', 'final')
  if not state[1] or (which == 'active' and state[2] == '1') then
    redis.call('ZREM', key(which, where[member]), member)
    return false
  end
  -- A run that is final but not concluded yet is about to leave the list.
  if which == 'active' and state[3] == '1' then return false end
  return without == '' or not redis.call('ZSCORE', key(which, without), member)
end

local function card_of(member)
  local channel = string.match(where[member], '^channel:(.*)$')
  if channel then return redis.call('HGET', key('run', member, 'cards'), channel) or '' end
  return redis.call('HGET', key('run', member), 'owner') or ''
end

local out, count = {'0'}, 0
for _, member in ipairs(found) do
  if to_be_shown(member) then
    count = count + 1
    if count > skip and count <= skip + most then
      out[#out + 1], out[#out + 2] = member, card_of(member)
      for _, value in ipairs(redis.call('HMGET', key('run', member), unpack(FIELDS))) do out[#out + 1] = value or '' end
    end
  end
end
out[1] = num(count)
return out
