-- Checks whether an incident's message shows a start that waits to be shown there; once it does, the start is sent.
-- ARGV: id, class, channel, item, token. Returns 'shown', 'waits', or 'no' if it never will: then the start needs a
-- card of its own. A start that has moved on counts as 'shown'.
local id, channel, item = ARGV[3], ARGV[5], ARGV[6]
local hash, items = key('req', id), key('posts', ARGV[4], channel)
local function leave_lane()
  redis.call('ZREM', items, item)
  waits_no_more(id, channel)
end
if not owns(items, item, ARGV[7]) then return 'waits' end
local start = redis.call('HMGET', hash, 'state', 'incident', 'shown_from')
if start[1] ~= 'looked' then
  leave_lane()
  return 'shown'
end
local name, word, from = start[2] or '', string.match(start[3] or '', '^(%a+:)(%d+)$')
local told, its_word, post = told_in(name)
local known = redis.call('HMGET', told, 'ts', 'team')
-- The incident's channel differs from this post's if the channel has been given another id since.
local its_channel = string.match(name, '^[^:]*')
local card = key('card', (known[2] or '') .. ':' .. its_channel .. ':' .. (known[1] or ''))
local message = redis.call('HMGET', card, 'shown', 'unshowable', 'retries_shown')
-- The message isn't on record yet, or was deleted and will be replaced.
local will_come = not known[1] and is_on_its_way(its_channel, post)
local is_newest = redis.call('HGET', key('incident', name), 'request') == id and word == its_word
local function wants_card()
  redis.call('HDEL', hash, 'incident')
  return 'no'
end
if not is_newest or message[2] or (not known[1] and not will_come) then return wants_card() end
local function has_it(shown)
  return tonumber(string.match(shown or '', '^' .. word .. '(%d+)$') or '0') >= tonumber(from)
end
-- An older version doesn't know such lines: a message that it has edited doesn't show the start.
if not has_it(message[3]) then return has_it(message[1]) and wants_card() or 'waits' end
redis.call('HSET', hash, 'state', 'carded')
leave_lane()
redis.call('ZADD', key('due', 'requests'), num(now()), id)
return 'shown'
