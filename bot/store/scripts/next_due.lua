-- Returns the microseconds until the first member of each due set or lane is due, or '' if it's empty. ARGV: the
-- names of the due sets and lanes. The script only reads, so an idle bot can look at all of them with one call.
local at, out = now(), {}
local function first_of(set)
  local first = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
  return first[2] and tonumber(first[2])
end
local LANES = {posts = POSTS, edits = EDITS}
for number = 3, #ARGV do
  local lane, due = LANES[ARGV[number]], nil
  if lane then
    for _, class in ipairs(lane) do due = least(due, first_of(key(ARGV[number], class))) end
  else
    due = first_of(key('due', ARGV[number]))
  end
  out[#out + 1] = due and num(due - at) or ''
end
return out
