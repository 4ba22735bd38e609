-- Keeps many answers at once, but those that have changed since they may have been asked for (see keep.lua).
-- ARGV: for how long in ms, then a name and its text, again and again
for at = 4, #ARGV, 2 do
  if redis.call('EXISTS', key('told', ARGV[at], 'changed')) == 0 then
    redis.call('SET', key('told', ARGV[at]), ARGV[at + 1], 'PX', ARGV[3])
  end
end
return 1
