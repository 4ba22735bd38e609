"""The doctor's checks of the Bolt API. They only read: nothing is started in Bolt."""

from __future__ import annotations

from bot.cli.doctor.finding import Finding, ok, problem
from bot.cli.doctor.subject import Check, Subject
from bot.core.model.errors import BoltError


async def _connection(subject: Subject) -> list[Finding]:
    try:
        schedules = await subject.bolt.schedules()
    except BoltError as error:
        return [problem("Bolt connection", error.detail, "Check PARADIME_API_ENDPOINT and the key.")]
    return [ok("Bolt connection", f"{len(schedules)} active schedules.")]


CHECKS = (Check("Bolt connection", _connection),)
