-- Begins to handle a delivery. ARGV: its kind's key, its name, how long its beginning is stored in ms. Returns 'new',
-- or else the word that an earlier copy has left: 'begun' (being handled) or 'done'
return begin_delivery(ARGV[3], ARGV[4], ARGV[5])
