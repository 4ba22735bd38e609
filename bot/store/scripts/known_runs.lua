-- Returns which of many runs were started by our requests. ARGV: members...
local out = {}
for at = 3, #ARGV do
  if is_ours(ARGV[at]) then out[#out + 1] = ARGV[at] end
end
return out
