-- Checks that Redis executes every command that the bot uses, by running them on keys of this deployment. Leaves no
-- data. The first command is a write that needs memory, so a full, read-only or broken server refuses at once. Commands
-- that the user may not run are named all at once.
local text, hash, set, zset, stream =
  key('probe', 'text'), key('probe', 'hash'), key('probe', 'set'), key('probe', 'zset'), key('probe', 'stream')
local denied = {}
local function try(command, ...)
  local reply = redis.pcall(command, ...)
  if type(reply) ~= 'table' or not reply.err then return end
  -- Redis uses the first wording, Valkey the second.
  if string.find(reply.err, "can't run this command", 1, true) or string.find(reply.err, 'permissions to run', 1, true) then
    denied[#denied + 1] = string.lower(command)
  elseif string.find(reply.err, '^ERR Unknown .*command called from script') then
    error({err = "ERR unknown command '" .. command .. "'"})
  elseif #denied == 0 then
    -- Otherwise it may be a consequence of what was denied.
    error(reply)
  end
end

try('SET', text, '1')
try('EXPIRE', text, 60)
try('PEXPIRE', text, 60000)
try('TTL', text)
try('PTTL', text)
try('PERSIST', text)
try('GET', text)
try('MGET', text)
try('TYPE', text)
try('SCAN', 0, 'COUNT', 1)
try('INCR', text)
try('EXISTS', text)
try('HSET', hash, 'a', '1')
try('HSETNX', hash, 'a', '1')
try('HINCRBY', hash, 'a', 1)
try('HGET', hash, 'a')
try('HMGET', hash, 'a')
try('HGETALL', hash)
try('HVALS', hash)
try('HSCAN', hash, 0)
try('HEXISTS', hash, 'a')
try('HKEYS', hash)
try('HLEN', hash)
try('HDEL', hash, 'a')
try('SADD', set, 'a')
try('SMEMBERS', set)
try('SCARD', set)
try('SISMEMBER', set, 'a')
try('SUNIONSTORE', set, set)
try('SREM', set, 'a')
try('SET', text, '1')
try('RENAME', text, text)
try('ZADD', zset, 1, 'a')
try('ZUNIONSTORE', zset, 1, zset)
try('ZINCRBY', zset, 1, 'a')
try('ZCARD', zset)
try('ZCOUNT', zset, 0, 1)
try('ZRANGE', zset, 0, 0)
try('ZSCORE', zset, 'a')
try('ZREM', zset, 'a')
try('ZREMRANGEBYRANK', zset, 0, -1)
try('ZREMRANGEBYSCORE', zset, 0, 1)
try('XADD', stream, '*', 'a', '1')
try('XRANGE', stream, '-', '+')
try('XREVRANGE', stream, '+', '-')
try('XTRIM', stream, 'MAXLEN', 0)
try('DEL', text, hash, set, zset, stream)

if #denied > 0 then
  return redis.error_reply("NOPERM this user has no permissions to run the '" .. table.concat(denied, "', '") .. "' command")
end
return now()
