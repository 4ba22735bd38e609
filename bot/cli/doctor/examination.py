"""Run the doctor's checks: areas at the same time, each check with a time limit.

A check that fails or doesn't finish is a finding too, and the others still run.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Sequence
from itertools import chain

import structlog

from bot.app import credentials
from bot.cli.doctor import (
    check_bolt,
    check_clock,
    check_data,
    check_delivery,
    check_files,
    check_people,
    check_redis,
    check_settings,
    check_slack,
)
from bot.cli.doctor.finding import Finding, problem, warning
from bot.cli.doctor.subject import Check, Subject
from bot.core.redact.masker import Masker
from bot.environment import EnvFile
from bot.load_settings import SettingsError, load_settings
from bot.logging import configure_logging, log_uncaught
from bot.paradime.client import BoltClient
from bot.settings import Settings
from bot.slack.client import SlackChat

log = structlog.get_logger()

LIMIT_S = 10.0
# Areas run at the same time; the checks of one area run in this order.
AREAS: tuple[tuple[Check, ...], ...] = (
    check_settings.CHECKS,
    check_files.CHECKS,
    (*check_slack.CHECKS, *check_delivery.CHECKS, *check_people.CHECKS),
    check_bolt.CHECKS,
    check_redis.CHECKS,
)
# Checks that depend on the areas' results.
AFTERWARDS: tuple[tuple[Check, ...], ...] = (check_data.CHECKS, check_clock.CHECKS)


async def diagnose(env_file: EnvFile | None = None, *, public_url: str = "") -> list[Finding]:
    """Read the settings from the environment and a `.env` file, and check them and the services they point to.

    `public_url` is the address to which Slack sends requests over HTTP.
    """
    unknown = check_settings.unknown_findings(env_file)
    try:
        settings = load_settings(env_file)
    except SettingsError as error:
        wrong = check_settings.wrong_findings(error)
        unseen = "The services were not checked, because the settings can't be used."
        return [*wrong, *unknown, warning("services", unseen, "Correct the settings first.")]
    mask = Masker(settings.secrets(), settings.patterns()).mask
    # Libraries' log lines and the details of unexpected errors must be masked too. Everything else is in the findings.
    configure_logging(settings.bolt_bot_log_format, "error", mask)
    log_uncaught()
    return [*unknown, *await examine(settings, public_url=public_url)]


async def examine(settings: Settings, *, public_url: str = "", limit_s: float = LIMIT_S) -> list[Finding]:
    """Run all checks. Returns their findings, masked, in the order of the areas."""
    mask = Masker(settings.secrets(), settings.patterns()).mask
    subject = Subject(
        settings,
        SlackChat(settings.slack_bot_token.get_secret_value(), settings.slack_api_url, mask),
        BoltClient(settings.paradime_api_endpoint, credentials(settings), check_bolt.LIMITS),
        mask,
        public_url=public_url,
    )
    try:
        found = [*await run_areas(AREAS, subject, limit_s), *await run_areas(AFTERWARDS, subject, limit_s)]
    finally:
        await subject.chat.close()
        await subject.bolt.aclose()
    return [Finding(one.check, one.level, mask(one.sentence), mask(one.fix)) for one in found]


async def run_areas(areas: Sequence[Sequence[Check]], subject: Subject, limit_s: float) -> list[Finding]:
    """Run areas at the same time. Returns their findings in order."""
    found = await asyncio.gather(*(_run_area(area, subject, limit_s) for area in areas))
    return list(chain.from_iterable(found))


async def _run_area(checks: Sequence[Check], subject: Subject, limit_s: float) -> list[Finding]:
    return [finding for check in checks for finding in await _run(check, subject, limit_s)]


async def _run(check: Check, subject: Subject, limit_s: float) -> Sequence[Finding]:
    timer = asyncio.timeout(limit_s)
    try:
        async with timer:
            return await check.run(subject)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong in a check is a finding
        if timer.expired():
            said = f"The check didn't finish within {limit_s:g} s, so the result is unknown."
            fix = "Look for a firewall or a proxy that drops packets between this machine and the service."
            return [problem(check.name, said, fix)]
        details = "".join(traceback.format_exception(error))
        log.error("a check failed unexpectedly", check=check.name, details=details)
        said = f"The check itself failed ({type(error).__name__}), so the result is unknown."
        return [problem(check.name, said, "Report this as a bug, with the lines that were printed to standard error.")]
