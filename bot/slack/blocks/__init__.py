"""Messages as data, turned into Block Kit."""
