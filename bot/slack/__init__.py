"""Slack: the client, what listens to people, and how messages are drawn."""
