"""Runs, schedules, requests, commands and errors: the records that the rest of the bot works on."""
