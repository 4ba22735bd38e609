-- Begins to handle a delivery. ARGV: its kind's key, its name, for how many ms its beginning is stored. Returns 'new',
-- else the word an earlier copy has left: 'begun' (being handled) or 'done'
return begin_delivery(ARGV[3], ARGV[4], ARGV[5])
