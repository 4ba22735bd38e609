-- Records what a look at a schedule's runs has found. ARGV: slug, token, the record's revision, ledger, delay to the
-- next look in microseconds, the schedule's slots as they were loaded and as they are now ('' for none), what to count
-- of them (JSON: day, name and field of each), number of runs to follow, then for each: member, facts, seen, state,
-- digest, usual_s, began_s, and in how many microseconds it may be slow or ''; number of new notices, then their rows
-- (see shared/notices.lua); then run id and end of each run that has ended. Returns 'ok', 'again' (the record or its
-- slots have changed, or the claim was lost).
local slug, looks, polls = ARGV[3], key('due', 'looks'), key('due', 'polls')
local record, ended = key('discovery', 'of', slug), key('discovery', 'ended', slug)
if not owns(looks, slug, ARGV[4]) then return 'again' end
local at = now()
local slots, settles = key('discovery', 'slots'), ARGV[8] ~= ARGV[9]
if (redis.call('HGET', record, 'rev') or '0') ~= ARGV[5]
  or (settles and (redis.call('HGET', slots, slug) or '') ~= ARGV[8]) then
  redis.call('ZADD', looks, num(at), slug)
  return 'again'
end
redis.call('HSET', record, 'ledger', ARGV[6])
redis.call('HINCRBY', record, 'rev', 1)
if settles and ARGV[9] == '' then
  redis.call('HDEL', slots, slug)
elseif settles then
  redis.call('HSET', slots, slug, ARGV[9])
end
count_all(ARGV[10])
local follow, first, delay = tonumber(ARGV[11]), 12, tonumber(ARGV[7])
for _ = 1, follow do
  local member = ARGV[first]
  create_run(member, ARGV[first + 1], ARGV[first + 2], ARGV[first + 3], ARGV[first + 4], ARGV[first + 5], ARGV[first + 6])
  local is_new = redis.call('HGET', key('run', member), 'discovered') ~= slug
  redis.call('HSET', key('run', member), 'discovered', slug)
  -- The run was concluded after this look had loaded it, so its end wasn't handed over. The next look finds it.
  if is_new and redis.call('HGET', key('run', member), 'concluded') == '1' then delay = 0 end
  for _, set in ipairs({'polls', 'strays'}) do
    redis.call('ZADD', key('due', set), 'XX', 'LT', num(at), member)
  end
  if ARGV[first + 7] ~= '' then
    redis.call('ZADD', key('due', 'slow'), 'NX', num(at + tonumber(ARGV[first + 7])), member)
  end
  first = first + 8
end
local notices = tonumber(ARGV[first])
for row = first + 1, first + notices * NOTICE_ROW, NOTICE_ROW do
  if redis.call('EXISTS', key('notice', ARGV[row], ARGV[row + 1])) == 0 then store_notice(row) end
end
first = first + 1 + notices * NOTICE_ROW
for number = first, #ARGV, 2 do
  redis.call('HSETNX', ended, ARGV[number], ARGV[number + 1])
  redis.call('ZADD', key('due', 'accounts'), 'LT', num(at), slug)
end
redis.call('ZADD', looks, num(at + delay), slug)
return 'ok'
