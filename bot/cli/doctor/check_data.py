"""The doctor's check of the data in Redis: whether it belongs to this bot. Needs to know who we are in Slack."""

from __future__ import annotations

from bot.cli.doctor.subject import Check

CHECKS: tuple[Check, ...] = ()
