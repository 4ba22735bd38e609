-- Returns which of many runs have any of these fields. ARGV: fields, then members...
local fields, out = {}, {}
for field in string.gmatch(ARGV[3], '[^,]+') do fields[#fields + 1] = field end
for at = 4, #ARGV do
  for _, value in ipairs(redis.call('HMGET', key('run', ARGV[at]), unpack(fields))) do
    if value then
      out[#out + 1] = ARGV[at]
      break
    end
  end
end
return out
