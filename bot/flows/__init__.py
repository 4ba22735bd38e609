"""The stories the bot plays out, one a file. They speak to the protocols in `ports`, to no library."""
