"""The doctor's check of ids and handles in the policy, owners and watches files."""

from __future__ import annotations

from pathlib import Path

import pytest

from bolt_sandbox.server import Sandbox
from bot.cli.doctor import check_people, check_slack
from bot.cli.doctor.finding import Finding
from tests.cli.doctor.patient import findings, of

CHECKS = (*check_slack.CHECKS, *check_people.CHECKS)
POLICY = """
version: 1
rules:
  - name: leads
    who: {{users: [{user}], groups: ["{group}"]}}
    where: {{channels: [{channel}]}}
    allow: true
  - name: rest
    what: [start]
    approve: {{by: "@data-leads", within: 10 min}}
"""
GOOD = {"user": "U0ADA", "group": "@data-team", "channel": "C0DATAENG"}


async def found(
    check: str, text: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> list[Finding]:
    """Return a check's findings about a file with this text."""
    file = folder / "file.yaml"
    file.write_text(text)
    setting = f"BOLT_BOT_{check.split(maxsplit=1)[0].upper()}_FILE"
    return of(await findings(CHECKS, sandbox, monkeypatch, **{setting: str(file)}), check)


async def test_no_policy_file(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a policy file, the default rules apply, which name nobody."""
    (one,) = of(await findings(CHECKS, sandbox, monkeypatch), "policy")
    assert one.sentence == "No policy is set, so the default rules apply."


async def test_a_policy_whose_names_slack_has(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A policy whose people, groups, approvers and channels exist in Slack is ok."""
    one, two = await found("policy", POLICY.format(**GOOD), sandbox, monkeypatch, tmp_path)
    assert (one.sentence, two.sentence) == ("2 rules.", "Everything named in the file exists in Slack (4 names).")


@pytest.mark.parametrize(
    ("what", "name", "level", "words"),
    [
        ("group", "@nobody", "problem", "(line 4) names the user group @nobody, which Slack doesn't have"),
        ("group", "S0NOBODY", "problem", "(line 4) names the user group S0NOBODY, which Slack doesn't have"),
        ("user", "U0NOBODY", "warning", "(line 4) names U0NOBODY, which isn't known to Slack"),
        ("user", "U0GUS", "warning", "(line 4) names U0GUS, which is deactivated"),
        ("channel", "C0NOWHERE", "warning", "(line 4) names the channel C0NOWHERE, but it doesn't exist in Slack"),
        ("channel", "C0FINANCE", "warning", "or the bot isn't in it"),
    ],
)
async def test_a_policy_with_a_name_that_slack_does_not_have(
    what: str, name: str, level: str, words: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An unknown name is reported with its line; an unknown group is a problem, because people rely on its rules."""
    await sandbox.slack.admin.change_person("gus", deleted=True)
    text = POLICY.format(**{**GOOD, what: name})
    rules, one = await found("policy", text, sandbox, monkeypatch, tmp_path)
    assert rules.level == "ok"
    assert one.level == level
    assert words in one.sentence


@pytest.mark.parametrize(
    ("scope", "level"), [("usergroups:read", "problem"), ("users:read", "warning"), ("channels:read", "warning")]
)
async def test_a_policy_whose_names_cannot_be_read(
    scope: str, level: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """If a policy's names can't be read, the missing scope is given as the cause."""
    sandbox.workspace.scopes.discard(scope)
    _, one = await found("policy", POLICY.format(**GOOD), sandbox, monkeypatch, tmp_path)
    assert one.level == level
    assert "not checked" in one.sentence
    assert "scope" in one.sentence


async def test_a_policy_with_domains_and_no_addresses(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Rules about domains match nobody without the optional scope, so the doctor reports a problem."""
    sandbox.workspace.scopes.discard("users:read.email")
    text = "version: 1\nrules:\n  - name: ours\n    who: {domains: [example.com]}\n    allow: true\n"
    one, _ = await found("policy", text, sandbox, monkeypatch, tmp_path)
    assert one.level == "problem"
    assert "users:read.email is missing" in one.sentence


async def test_owners_that_slack_does_not_have(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A person or group that Slack doesn't have gets a warning as an owner; valid owners aren't mentioned."""
    text = "version: 1\nowners:\n  ada: U0ADA\n  ben: U0BEN\nschedules:\n  finance-*: S0NONE\n"
    group, person = await found("owners file", text, sandbox, monkeypatch, tmp_path)
    assert (group.level, person.level) == ("warning", "warning")
    assert "S0NONE" in group.sentence
    assert "U0BEN, which isn't known to Slack: that owner isn't mentioned" in person.sentence


async def test_watches_in_a_channel_that_is_archived(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A watches file with an archived channel or an unknown person in a mention gets a warning for each."""
    await sandbox.slack.admin.archive("data-eng", "grace")
    text = "version: 1\nchannels:\n  C0DATAENG:\n    - {watch: nightly, mention: U0BEN}\n"
    mention, channel = await found("watches file", text, sandbox, monkeypatch, tmp_path)
    assert "(line 4) names U0BEN" in mention.sentence
    assert "C0DATAENG, which is archived: nothing is posted" in channel.sentence


async def test_more_ids_than_slack_lets_be_looked_up(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """If there are more ids than can be looked up, the rest are reported as not checked."""
    owners = "".join(f"  person-{number}: U0ADA{number:03}\n" for number in range(60))
    told = await found("owners file", f"version: 1\nowners:\n{owners}", sandbox, monkeypatch, tmp_path)
    assert len(told) == 51
    assert told[-1].sentence.startswith("10 of the ids in the file were not checked")
