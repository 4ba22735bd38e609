"""Runs, schedules, requests, commands and errors: the records the rest works on."""
