"""Chaos: replicas of the bot under kills, pauses and faults, and whether what is promised still holds."""
