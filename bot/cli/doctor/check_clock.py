"""The doctor's check of this machine's clock, against those of Slack and Bolt."""

from __future__ import annotations

from bot.cli.doctor.subject import Check

CHECKS: tuple[Check, ...] = ()
