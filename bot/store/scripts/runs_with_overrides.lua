-- Returns which of many runs are recorded with commands other than their schedule's. ARGV: members...
local out = {}
for at = 3, #ARGV do
  local facts = redis.call('HGET', key('run', ARGV[at]), 'facts')
  if facts and cjson.decode(facts).overridden == true then out[#out + 1] = ARGV[at] end
end
return out
