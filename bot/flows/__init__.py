"""The flows: what the bot does, one story per module. The flows use the protocols in `ports`, and no client library."""
