"""Sentences and messages as data: the base for everything that people read."""
