-- Finishes looking up the owner of a schedule. ARGV: slug, token, the address's hash ('' if nothing was looked up), the
-- user's id or '' if there is none, how long to keep it in ms.
local set = key('due', 'owners')
if ARGV[5] ~= '' then redis.call('SET', key('owner', ARGV[5]), ARGV[6], 'PX', ARGV[7]) end
if not owns(set, ARGV[3], ARGV[4]) then return 0 end
redis.call('ZREM', set, ARGV[3])
return 1
