-- Records a post of an incident. ARGV: class, channel, item, token, slug, field of its attempts ('' if the incident no
-- longer wants it), ts or word, team and shown revision of the message ('' and '' for a thread post), what follows it
-- in the thread ('file-<number>' or 'late-<number>') or ''. Returns 'ok', or the existing record if another process has
-- posted it.
local class, channel, item, slug, field = ARGV[3], ARGV[4], ARGV[5], ARGV[7], ARGV[8]
local claimed = item
if current_slug(slug) ~= slug then
  slug = current_slug(slug)
  item = string.match(item, '^incident/[^/]+/[^/]*/') .. slug
end
local hash, items = key('incident', channel, slug), key('posts', class, channel)
posted_in(channel)
if field == '' then
  redis.call('ZREM', items, claimed)
  if item ~= claimed then
    -- The schedule got another slug after this post was claimed: its incident wasn't found under the old slug.
    redis.call('ZADD', items, 'XX', num(now()), item)
    redis.call('ZADD', key('posts', class), 'LT', num(now()), channel)
  end
  return 'ok'
end
-- Another incident of the schedule has begun while this post was being sent, so it belongs to the previous
-- incident. The new incident's post of the same name is still to be sent.
local serial, now_serial = string.match(field, '^%a+%-(%d+)'), redis.call('HGET', hash, 'serial')
if now_serial and serial ~= now_serial then
  redis.call('ZADD', items, 'XX', num(now()), item)
  redis.call('ZADD', key('posts', class), 'LT', num(now()), channel)
  slug = slug .. ':before:' .. serial
  hash = key('incident', channel, slug)
end
local before = post_done(hash, field)
if before then return before end
if not now_serial or serial == now_serial then redis.call('ZREM', items, item) end
if redis.call('HEXISTS', hash, 'rev') == 0 then
  -- The incident's record has expired. Remove the field that this attempt has left.
  redis.call('DEL', hash)
  return 'ok'
end
redis.call('HSET', hash, field, 'done:' .. ARGV[9])
if (ARGV[12] or '') ~= '' then
  push('posts', 'attached', channel, 'incident/' .. ARGV[12] .. '/' .. channel .. '/' .. slug, now())
end
if ARGV[10] == '' and string.sub(field, 1, 5) == 'post-' then redis.call('HSET', hash, 'refused', ARGV[9]) end
if ARGV[10] ~= '' then
  redis.call('HDEL', hash, 'refused')
  local card = ARGV[10] .. ':' .. channel .. ':' .. ARGV[9]
  redis.call('HSET', hash, 'ts', ARGV[9], 'team', ARGV[10])
  redis.call('HSET', key('card', card), 'team', ARGV[10], 'incident', channel .. ':' .. slug, 'shown', ARGV[11],
    'retries_shown', ARGV[11])
  redis.call('EXPIRE', key('card', card), RETENTION_S)
  message_shown(channel .. ':' .. slug)
  if newest_rev(key('card', card)) ~= ARGV[11] then dirty_incident(card, 'now') end
  push_incident_posts(channel, slug)
end
return 'ok'
