"""Watches and incidents: which runs a channel hears of, and what becomes of a schedule that fails."""
