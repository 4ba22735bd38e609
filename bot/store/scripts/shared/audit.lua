-- The audit log (see add_audit_entry.lua): scripts add what they decide about a start or a run in the same step.
local function record(pairs)
  local fields = {}
  for at = 1, #pairs, 2 do
    if type(pairs[at + 1]) == 'string' and pairs[at + 1] ~= '' then
      fields[#fields + 1] = pairs[at]
      fields[#fields + 1] = pairs[at + 1]
    end
  end
  redis.call('XADD', key('audit'), 'MAXLEN', '~', redis.call('GET', key('audit', 'most')) or '100000', '*', unpack(fields))
end
local function record_start(event, id, user, outcome, run)
  local known = redis.call('HMGET', key('req', id), 'body', 'look')
  local body, look = read_facts(known[1]), read_facts(known[2])
  local by = user or body.user or ''
  local command = type(body.wanted) == 'table' and body.wanted or {}
  local schedule = look.slug or command.schedule or command.latest_of or ''
  record({'event', event, 'request', id, 'user', by, 'user_name', by == body.user and body.user_name or '',
    'team', body.team or '', 'channel', body.channel or '', 'channel_name', look.channel_name or '',
    'schedule', schedule, 'outcome', outcome or '', 'run', run or ''})
end
local function record_end(member, state)
  local facts = read_facts(redis.call('HGET', key('run', member), 'facts'))
  if type(facts.request) ~= 'string' then return end
  record({'event', 'ended', 'request', facts.request, 'user', facts.asked_by or '', 'schedule', facts.schedule or '',
    'outcome', state or '', 'run', string.match(member, ':(%d+)$') or ''})
end
