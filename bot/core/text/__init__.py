"""Sentences and messages as data: the base of everything that people read."""
