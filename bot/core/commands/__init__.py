"""Parsing the commands that people type."""
