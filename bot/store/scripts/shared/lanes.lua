-- Lanes: items that wait for a slot of a Slack method's budget. A class is a sorted set of channels, scored by when the
-- channel is worth a look; each channel has a sorted set of items, scored by when they are due or leased until.
-- Older versions don't know the classes `incident` and `count`, and leave them alone.
local EDITS = {'fail', 'end', 'incident', 'state', 'count', 'progress'}
local RANK = {}
for rank, class in ipairs(EDITS) do RANK[class] = rank end
-- `ask` (cards that ask for an approval), `card` (cards of followed runs and of waiting starts) and `retried` are
-- classes of their own, because an older version doesn't know such posts and must not read them. The same holds for
-- `opening`, `opened`, `recovery` and `line` (of incidents: messages come before the posts in their threads). The files
-- of ends come first, then requested files, then `attached` (logs and files in threads of incidents and outages). Live
-- logs come late, and use none of the uploads' budget; digests come last. Two of these words are older than today's
-- names: `digest` is an end batch (many ends of a channel in one message), and `report` is a digest of what a channel
-- watches.
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

-- The time until which an unreachable channel's refused posts are put back. It's the score of all of them, by which
-- they're found.
local function refused_until(channel)
  local known = redis.call('GET', key('aside', 'until', channel))
  if known then return known end
  -- The key may be missing: an older version doesn't set it, and the channel may be reachable again by now.
  return num(now() + math.max(1000, redis.call('PTTL', key('aside', channel))) * 1000)
end

-- The post reached Slack now or earlier, so the channel can take the next one a second from now.
local function posted_in(channel)
  local gap = tonumber(redis.call('GET', key('budget', 'channel_gap')) or '0')
  redis.call('ZADD', key('budget', 'channels'), 'GT', num(now() + math.min(gap, 1020000)), channel)
end

-- Returns the record of a post that was sent or given up on ('done:<ts or word>'), or nil.
local function post_done(hash, field)
  local known = redis.call('HGET', hash, field) or ''
  return string.sub(known, 1, 5) == 'done:' and known or nil
end

-- Records that a post about something with revisions was sent or given up on. If the calling script has nothing more to
-- do, returns that script's result: the record of another process's post, or 'ok' if its subject has expired; the field
-- that this attempt left is then removed. Otherwise returns nil.
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
