-- Caches many answers at once, except for names that were invalidated so recently that the answer may be older (see
-- cache_answer.lua). ARGV: how long to cache them in ms, then pairs of a name and its text
for at = 4, #ARGV, 2 do
  if redis.call('EXISTS', key('told', ARGV[at], 'changed')) == 0 then
    redis.call('SET', key('told', ARGV[at]), ARGV[at + 1], 'PX', ARGV[3])
  end
end
return 1
