"""The flows: what the bot does, one story per module. They use the protocols in `ports`, and no client library."""
