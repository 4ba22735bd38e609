"""Settings for the doctor's tests: complete, with addresses where nothing is listening."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

import pytest

from bolt_sandbox.server import Sandbox
from bot.app import credentials
from bot.cli.doctor.check_bolt import LIMITS
from bot.cli.doctor.examination import LIMIT_S, run_areas
from bot.cli.doctor.finding import Finding
from bot.cli.doctor.subject import Check, Subject
from bot.load_settings import load_settings
from bot.paradime.client import BoltClient
from bot.slack.client import SlackChat
from bot.slack.identity import Identity

# Port 1 is reserved, and nothing listens there.
COMPLETE = {
    "SLACK_BOT_TOKEN": "xoxb-very-secret-1",
    "SLACK_APP_TOKEN": "xapp-very-secret-2",
    "SLACK_API_URL": "http://127.0.0.1:1/",
    "PARADIME_API_ENDPOINT": "http://127.0.0.1:1/graphql",
    "PARADIME_API_SECRET": "prdm_wsp_very-secret-3",
}
PREFIXES = ("SLACK_", "PARADIME_", "BOLT_BOT_", "REDIS_")


def setting(monkeypatch: pytest.MonkeyPatch, **more: str) -> None:
    """Set `COMPLETE` with these changes, and unset all other settings. A setting with an empty value counts as unset."""
    for name in tuple(os.environ):
        if name.startswith(PREFIXES):
            monkeypatch.delenv(name)
    for name, value in {**COMPLETE, **more}.items():
        monkeypatch.setenv(name, value)


async def found_by(
    checks: Sequence[Check],
    monkeypatch: pytest.MonkeyPatch,
    environment: Mapping[str, str],
    *,
    identity: Identity | None = None,
    limit_s: float = LIMIT_S,
) -> list[Finding]:
    """Return an area's findings with these settings, after checking that none contains a secret."""
    setting(monkeypatch, **environment)
    settings = load_settings()
    chat = SlackChat(settings.slack_bot_token.get_secret_value(), settings.slack_api_url, str)
    bolt = BoltClient(settings.paradime_api_endpoint, credentials(settings), LIMITS)
    try:
        found = await run_areas((checks,), Subject(settings, chat, bolt, str, identity), limit_s)
    finally:
        await chat.close()
        await bolt.aclose()
    assert "very-secret" not in str(found)
    return found


def of(findings: Iterable[Finding], check: str) -> list[Finding]:
    """The findings of one check; none of them may contain a secret."""
    found = list(findings)
    assert "very-secret" not in str(found)
    return [one for one in found if one.check == check]


async def findings(
    checks: Sequence[Check], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, **more: str
) -> list[Finding]:
    """The findings of these checks in a sandbox, with these settings in addition to the sandbox's own."""
    return await found_by(checks, monkeypatch, {**sandbox.env(), **more})
