"""Chaos: replicas of the bot under kills, pauses and faults, and whether its promises still hold."""
