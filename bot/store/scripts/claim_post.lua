-- Claims a slot of the posting budget, then the most urgent post for it. ARGV: lease in microseconds, lease of logs in
-- microseconds, gap between posts in microseconds, gap between posts of a channel in microseconds, number of ends in a
-- channel above which they're posted as one message, max ends in that message, gap between uploads in microseconds.
-- Returns {item, token, class, channel} or {'', microseconds until the next look}.
-- The gaps and numbers are in `SlackBudget` of `bot.store.lanes`, and the order of the classes is in shared/lanes.lua.
local at = now()
local hold = tonumber(redis.call('GET', key('hold', 'chat.postMessage')) or '0')
local next_us = math.max(hold, tonumber(redis.call('GET', key('budget', 'posts')) or '0'))
if next_us > at then return {'', num(next_us - at)} end

local gates = key('budget', 'channels')
redis.call('ZREMRANGEBYSCORE', gates, '-inf', num(at))
local function lease_of(class) return tonumber(UPLOADS[class] and ARGV[4] or ARGV[3]) end
local function opens(channel) return tonumber(redis.call('ZSCORE', gates, channel) or '0') end

-- Ends that are queued for a channel and that no process has tried to post yet, failures first.
local function untried(channel, most)
  local found = {}
  for _, class in ipairs({'fail', 'end'}) do
    local items = key('posts', class, channel)
    for _, item in ipairs(redis.call('ZRANGE', items, '-inf', num(at), 'BYSCORE', 'LIMIT', '0', most - #found)) do
      local card = string.match(item, '^end/(.*)$')
      if card and redis.call('HEXISTS', key('card', card), 'end') == 0 then found[#found + 1] = {items, item, card} end
    end
    if #found >= most then break end
  end
  return found
end

-- Combines many ends of one channel into one post, an end batch, in the place of the first of them.
local function batch_ends(got)
  local class, channel, few, most = got[3], got[4], tonumber(ARGV[7]), tonumber(ARGV[8])
  if class ~= 'fail' and class ~= 'end' then return got end
  local waiting = redis.call('ZCOUNT', key('posts', 'fail', channel), '-inf', num(at))
    + redis.call('ZCOUNT', key('posts', 'end', channel), '-inf', num(at))
  if waiting < few or redis.call('EXISTS', key('aside', channel)) == 1 then return got end
  local first = string.match(got[1], '^end/(.*)$')
  if not first or redis.call('HEXISTS', key('card', first), 'end') == 1 then return got end
  local found, cards = untried(channel, most - 1), {first}
  if #found < few then return got end
  redis.call('ZREM', key('posts', class, channel), got[1])
  for _, one in ipairs(found) do
    redis.call('ZREM', one[1], one[2])
    cards[#cards + 1] = one[3]
  end
  local name = channel .. '-' .. num(at)
  local item = 'digest/' .. name
  redis.call('HSET', key('digest', name), 'cards', table.concat(cards, ','))
  redis.call('ZADD', key('posts', 'digest', channel), got[2], item)
  redis.call('ZADD', key('posts', 'digest'), 'LT', got[2], channel)
  return {item, got[2], 'digest', channel}
end

-- Uploads have a budget of their own: their methods are called twice per file, and are in tier 4 (100 a minute).
local uploads = tonumber(redis.call('GET', key('budget', 'uploads')) or '0')
local classes = POSTS
if uploads > at then
  classes = {}
  for _, class in ipairs(POSTS) do
    if not UPLOADS[class] then classes[#classes + 1] = class end
  end
end
local got, again = take('posts', classes, lease_of, opens)
if not got and uploads > at
  and redis.call('EXISTS', key('posts', 'log'), key('posts', 'file'), key('posts', 'attached')) > 0 then
  again = least(again, uploads)
end
if not got then return {'', again and num(math.max(0, again - at)) or ''} end
-- The next slot is counted from when this one became free, up to half a second ago, so that a late claim loses no time.
got = batch_ends(got)
if string.sub(got[1], 1, 5) == 'file/' or got[3] == 'file' or string.match(got[1], '^%a+/file%-') then
  redis.call('SET', key('budget', 'uploads'), num(math.max(uploads, at - 500000) + tonumber(ARGV[9])), 'PX', '60000')
end
redis.call('SET', key('budget', 'posts'), num(math.max(next_us, at - 500000) + tonumber(ARGV[5])), 'PX', '60000')
redis.call('SET', key('budget', 'channel_gap'), ARGV[6])
redis.call('ZADD', gates, num(at + tonumber(ARGV[6])), got[4])
redis.call('ZADD', key('posts', got[3]), 'GT', num(at + tonumber(ARGV[6])), got[4])
return got
