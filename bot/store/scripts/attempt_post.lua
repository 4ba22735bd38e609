-- Records that a post is about to be sent. ARGV: class, channel, item, token, record key, field, mode. mode 'first'
-- sends unless an attempt is on record; 'again' sends after the last one was found absent; 'look' only reads. Returns
-- {'go' | 'half' | 'done' | 'lost', the record of the attempt}
local items, hash, field = key('posts', ARGV[3], ARGV[4]), P .. ARGV[7], ARGV[8]
if not owns(items, ARGV[5], ARGV[6]) then return {'lost', ''} end
local before = redis.call('HGET', hash, field) or ''
if string.sub(before, 1, 5) == 'done:' then
  redis.call('ZREM', items, ARGV[5])
  return {'done', before}
end
if before ~= '' and ARGV[9] ~= 'again' then return {'half', before} end
if ARGV[9] ~= 'look' then redis.call('HSET', hash, field, 'sent:' .. num(now())) end
return {'go', ''}
