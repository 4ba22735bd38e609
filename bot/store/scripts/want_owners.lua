-- Makes the owners of schedules due to be looked up. ARGV: slugs.
for number = 3, #ARGV do
  redis.call('ZADD', key('due', 'owners'), 'NX', num(now()), ARGV[number])
end
return 1
