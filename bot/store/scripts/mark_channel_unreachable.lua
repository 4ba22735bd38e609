-- Marks a channel as unreachable: for a while its cards aren't edited, and ends are sent to the people who asked. Cards
-- that wait for an edit are given up, unless an edit is in progress. If it's watched, it's checked now. ARGV: channel,
-- why, for how long in ms.
local channel, at = ARGV[3], now()
redis.call('SET', key('aside', channel), ARGV[4], 'PX', ARGV[5])
-- Refused posts are put back until exactly this time, so that channel_takes_posts.lua can find them by it.
redis.call('SET', key('aside', 'until', channel), num(at + tonumber(ARGV[5]) * 1000), 'PX', ARGV[5])
give_up_edits(channel, ARGV[4], false)
-- If only some people may post there, Slack may still accept edits: see channel_takes_posts.lua.
if string.sub(ARGV[4], 1, 17) ~= 'restricted_action' then give_up_edits(channel, ARGV[4], true) end
redis.call('ZADD', key('due', 'channels'), 'XX', 'LT', num(at), channel)
return 1
