"""What people see: cards, threads, lists, buttons."""
