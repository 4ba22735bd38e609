-- Notices: short messages of watches, each with a record that expires. Rows of arguments, NOTICE_ROW each: channel,
-- name, expected revision, notice, edit ('now' or 'count'), delay of its post in microseconds, seconds that it's kept.
local NOTICE_ROW = 7
local function notices_changed(first, count)
  for at = first, first + count * NOTICE_ROW - 1, NOTICE_ROW do
    local rev = redis.call('HGET', key('notice', ARGV[at], ARGV[at + 1]), 'rev') or '0'
    if rev ~= ARGV[at + 2] then return true end
  end
  return false
end
local function store_notice(at)
  local channel, name, kept_s = ARGV[at], ARGV[at + 1], ARGV[at + 6]
  local hash = key('notice', channel, name)
  redis.call('HSET', hash, 'notice', ARGV[at + 3])
  redis.call('HINCRBY', hash, 'rev', 1)
  redis.call('EXPIRE', hash, kept_s)
  local known = redis.call('HMGET', hash, 'ts', 'team')
  if known[1] then
    local card = known[2] .. ':' .. channel .. ':' .. known[1]
    dirty_incident(card, ARGV[at + 4])
    redis.call('EXPIRE', key('card', card), kept_s)
  else
    push('posts', 'line', channel, 'notice/' .. channel .. '/' .. name, now() + tonumber(ARGV[at + 5]))
  end
end
local function store_notices(first, count)
  for at = first, first + count * NOTICE_ROW - 1, NOTICE_ROW do store_notice(at) end
end
