"""The doctor's checks of Slack, each with a Slack that's broken in one way."""

from __future__ import annotations

import pytest

from bolt_sandbox.server import Sandbox
from bot.cli.doctor.check_slack import CHECKS
from bot.cli.doctor.finding import Finding
from bot.slack.scopes import OPTIONAL, REQUIRED, WITHOUT
from tests.cli.doctor.patient import findings, of

SEEN = ["Slack bot token", "Slack app token", "Slack app", "Slack scopes"]
UNSEEN = ["Slack command", "Slack events", "Slack interactivity"]


def wrong(found: list[Finding]) -> list[Finding]:
    """The findings that aren't ok, apart from those about things that a bot can't see."""
    return [one for one in found if one.level != "ok" and one.check not in UNSEEN]


async def test_a_set_up_without_faults(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A correct setup names the workspace; things that a bot can't see are reported as not checked, with a symptom."""
    found = await findings(CHECKS, sandbox, monkeypatch)
    assert [one.check for one in found if one.level == "ok"] == SEEN
    assert of(found, "Slack bot token")[0].sentence == "It belongs to @bolt in the workspace Sandbox (T0SANDBOX)."
    assert [one.check for one in found if one.level == "warning"] == UNSEEN
    for name in UNSEEN:
        (one,) = of(found, name)
        assert "not checked" in one.sentence
        assert one.fix.startswith("If ")


async def test_another_command_is_in_the_hint(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hint names the command from the settings, with the command line that prints its manifest."""
    found = await findings(CHECKS, sandbox, monkeypatch, BOLT_BOT_COMMAND="/dbt")
    (one,) = of(found, "Slack command")
    assert "/dbt" in one.sentence
    assert "bolt-bot manifest --command /dbt" in one.fix


async def test_a_revoked_bot_token(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A revoked bot token is the only problem, and the app token is checked anyway."""
    sandbox.workspace.revoked_tokens = {sandbox.workspace.bot_token}
    found = await findings(CHECKS, sandbox, monkeypatch)
    (one,) = wrong(found)
    assert (one.check, one.level) == ("Slack bot token", "problem")
    assert "SLACK_BOT_TOKEN (token_revoked): it was revoked" in one.sentence
    assert one.fix.startswith("Install the app again")
    assert of(found, "Slack app token")[0].level == "ok"


async def test_a_token_that_expires(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot token that expires is a problem, because the bot doesn't renew it."""
    sandbox.workspace.bot_token = f"xoxe.{sandbox.workspace.bot_token}"
    (one,) = wrong(await findings(CHECKS, sandbox, monkeypatch))
    assert (one.check, one.level) == ("Slack bot token", "problem")
    assert "expires within twelve hours" in one.sentence


async def test_a_wrong_bot_token_and_a_wrong_app_token(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong bot token and a wrong app token are both reported, each with its variable."""
    more = {"SLACK_BOT_TOKEN": "xoxb-very-secret", "SLACK_APP_TOKEN": "xapp-very-secret"}
    found = wrong(await findings(CHECKS, sandbox, monkeypatch, **more))
    assert [(one.check, one.level) for one in found] == [("Slack bot token", "problem"), ("Slack app token", "problem")]
    for one, variable in zip(found, more, strict=True):
        assert f"Slack refused {variable} (invalid_auth): it isn't a token that Slack knows." in one.sentence


async def test_an_app_token_without_its_scope(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """An app token without its scope is a problem that names the scope."""
    sandbox.workspace.app_scopes = {"authorizations:read"}
    (one,) = wrong(await findings(CHECKS, sandbox, monkeypatch))
    assert (one.check, one.level) == ("Slack app token", "problem")
    assert "connections:write" in one.sentence


async def test_tokens_of_two_apps(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens of two apps are a problem that only the apps' ids reveal, because Slack accepts both tokens."""
    token = sandbox.workspace.other_app_token
    (one,) = wrong(await findings(CHECKS, sandbox, monkeypatch, SLACK_APP_TOKEN=token))
    assert (one.check, one.level) == ("Slack app", "problem")
    assert "belongs to the Slack app A0SANDBOX, but SLACK_APP_TOKEN belongs to A0OTHER" in one.sentence
    assert one.fix == "Copy both tokens from the same app: https://api.slack.com/apps/A0SANDBOX"


@pytest.mark.parametrize("scope", sorted(REQUIRED | OPTIONAL))
async def test_each_scope_that_is_missing(scope: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing scope is reported with what stops working; an optional one is only a warning."""
    sandbox.workspace.scopes.discard(scope)
    found = wrong(await findings(CHECKS, sandbox, monkeypatch))
    (one,) = of(found, "Slack scopes")
    assert one.level == ("warning" if scope in OPTIONAL else "problem")
    assert f"scope {scope} is missing: {WITHOUT[scope]}." in one.sentence
    # Without users:read, the only thing that the doctor can't check is whether both tokens belong to the same app.
    assert [each.check for each in found if each is not one] == (["Slack app"] if scope == "users:read" else [])


async def test_slack_that_is_away(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """If Slack is away, only the tokens are reported, with the cause and the host."""
    sandbox.workspace.faults.away = True
    found = wrong(await findings(CHECKS, sandbox, monkeypatch))
    assert [one.check for one in found] == ["Slack bot token", "Slack app token"]
    assert all("127.0.0.1" in one.sentence for one in found)
