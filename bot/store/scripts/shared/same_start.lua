-- Identical starts: finds out whether somebody has just asked for the same thing.

-- Returns the newest start under each of several same-start keys: the words as typed, which older versions use, and the
-- schedule meant.
local function same_starts(keys)
  local starts = {}
  for name in string.gmatch(keys, '[^,]+') do
    local other = redis.call('GET', key('same', name))
    if other then starts[#starts + 1] = other end
  end
  return starts
end
local function remember_start(keys, id, kept_s)
  for name in string.gmatch(keys, '[^,]+') do redis.call('SET', key('same', name), id, 'EX', kept_s) end
end

-- Starts whose card isn't posted yet, in total and per channel: their number bounds how long the next one would wait.
local function waits_no_more(id, channel)
  redis.call('ZREM', key('waiting'), id)
  redis.call('ZREM', key('waiting', channel), id)
end
