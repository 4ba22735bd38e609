-- Shared by every script: the files of this folder are prepended to each one's text, in the order of scripts.py.
-- ARGV[1] is the deployment's key prefix (one hash tag, so one slot), ARGV[2] the retention in seconds. Times are
-- microseconds on Redis' clock. A due set's score is both the lease and the token of the claim.

local P = ARGV[1]
local RETENTION_S = ARGV[2]

local function key(...) return P .. table.concat({...}, ':') end
local function num(value) return string.format('%.0f', value) end
local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end
local function owns(set, member, token)
  local score = redis.call('ZSCORE', set, member)
  return score and tonumber(score) == tonumber(token)
end
-- Returns 'new' and records that a delivery is being handled, or else the word that an earlier copy left.
local function begin_delivery(kind, name, for_ms)
  local delivery = key(kind, name)
  local known = redis.call('GET', delivery)
  if known then return known end
  redis.call('SET', delivery, 'begun', 'PX', for_ms)
  return 'new'
end
-- Absences: times in which no process worked on this data, because none ran, or because Redis was restored from a
-- backup, which lacks everything that was done since. `pulse` has the time of the last claim or start, rounded, and the
-- end of the newest absence. Anything that was decided before the end of an absence may already have been carried out.
local PULSE_US, ABSENCE_US = 10000000, 60000000
local function feel_pulse()
  local pulse, at = key('pulse'), now()
  local last = tonumber(redis.call('HGET', pulse, 'at_us') or num(at))
  if at - last > ABSENCE_US then redis.call('HSET', pulse, 'away_us', num(at)) end
  if at - last > PULSE_US or last == at then redis.call('HSET', pulse, 'at_us', num(at)) end
end
local function absence_ended() return tonumber(redis.call('HGET', key('pulse'), 'away_us') or '0') end
local function least(a, b)
  if not a then return b end
  if not b then return a end
  return math.min(a, b)
end
