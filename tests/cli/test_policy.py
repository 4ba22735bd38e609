"""`bolt-bot policy check` and `explain`: each fault with its line, and the reasons for a decision."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli import main

RULES = """\
version: 1
rules:
  - name: production
    who: {groups: ["@data"]}
    where: {channels: ["#prod-*"]}
    what: [start]
    which: {schedules: ["prod-*"], owners: ["*@example.com"]}
    approve: {by: "@leads", within: 1 h}
  - name: looking
    what: [read]
    allow: true
"""
ASKED = ["policy", "explain", "--user", "U123", "--channel", "C123", "--action"]
GIVEN = ["--role", "member", "--kind", "public", "--channel-name", "#prod-eu"]


def test_a_good_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A valid file's rules are counted, and the user groups that Slack must know are listed."""
    file = tmp_path / "policy.yaml"
    file.write_text(RULES)
    assert main(["policy", "check", str(file)]) == 0
    out = capsys.readouterr().out
    assert "2 rules" in out
    assert "user groups it names: @data @leads" in out


def test_a_bad_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each fault is printed with its file and line, in a format that editors understand."""
    file = tmp_path / "policy.yaml"
    file.write_text(RULES.replace("[start]", "[strat]"))
    assert main(["policy", "check", str(file)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f'{file}: line 6: what: there\'s no "strat"; did you mean start?\n'


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_no_file_to_be_read(content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that can't be read is reported with the reason."""
    file = tmp_path / "policy.yaml"
    if content is not None:
        file.write_bytes(content)
    assert main(["policy", "check", str(file)]) == 2
    assert "the file can't be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "last"),
    [
        (
            ["start", *GIVEN, "--schedule", "prod-a", "--owner", "a@example.com", "--group", "@data"],
            "allowed with approval from @leads, within 1 h",
        ),
        (
            ["start", *GIVEN, "--schedule", "prod-a", "--owner", "a@example.com"],
            "refused: no rule in the policy allows it",
        ),
        (
            ["start", *GIVEN, "--schedule", "prod-a", "--group", "@data"],
            "refused: I couldn't find out the owner, which a rule depends on",
        ),
        (["read", *GIVEN], "allowed"),
    ],
)
def test_what_it_decides(arguments: list[str], last: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With all facts given, a decision needs no settings and no service."""
    file = tmp_path / "policy.yaml"
    file.write_text(RULES)
    assert main([*ASKED, *arguments, "--file", str(file)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == last


def test_it_says_why_each_rule_does_not_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The explanation says why each rule doesn't match, up to the one that decides."""
    file = tmp_path / "policy.yaml"
    file.write_text(RULES)
    main(
        [
            *ASKED,
            "start",
            "--role",
            "guest",
            "--kind",
            "private",
            "--schedule",
            "hourly",
            "--owner",
            "",
            "--file",
            str(file),
        ]
    )
    out = capsys.readouterr().out
    assert "rule 1 (line 3) “production” doesn't match: the user group, the schedule, the owner\n" in out
    assert "rule 2 (line 9) “looking” doesn't match: it doesn't cover start\n" in out


def test_without_a_file_the_usual_rules_are_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a file, the default rules are explained: guests can only read."""
    monkeypatch.delenv("BOLT_BOT_POLICY_FILE", raising=False)
    assert main([*ASKED, "cancel", "--role", "guest", "--kind", "public"]) == 0
    assert capsys.readouterr().out.endswith("refused: guests can only read\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["start", "--role", "boss"],
        ["dance", "--role", "member"],
        ["start", "--kind", "secret"],
        ["start", "--user", "ada"],
        ["start", "--channel", "#general"],
    ],
)
def test_words_that_it_does_not_know(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Unknown words are refused as wrong arguments."""
    with pytest.raises(SystemExit) as ended:
        main([*ASKED, *arguments])
    assert ended.value.code == 2
    assert "error: argument" in capsys.readouterr().err


def test_what_is_not_given_needs_the_settings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Facts that aren't given are read from Slack, which needs the settings."""
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
    assert main([*ASKED, "start"]) == 2
    assert "SLACK_BOT_TOKEN is missing" in capsys.readouterr().err


def test_a_moment_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    """An invalid time for the audit log's export is refused, and the error says what's expected."""
    assert main(["audit", "export", "--since", "yesterday"]) == 2
    assert "--since should be a time or a date" in capsys.readouterr().err
