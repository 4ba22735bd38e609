"""Messages that people see: cards, threads, lists, buttons."""
