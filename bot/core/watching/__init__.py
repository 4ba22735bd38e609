"""Watches and incidents: which runs are reported to a channel, and what happens once a schedule fails."""
