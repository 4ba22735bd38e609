"""Slack: the client, the listeners, and the rendering of messages."""
