"""The doctor's findings about settings, each broken in one way."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli.doctor.examination import diagnose
from bot.cli.doctor.finding import Finding
from tests.cli.doctor.patient import COMPLETE, of, setting

BOT, APP = COMPLETE["SLACK_BOT_TOKEN"], COMPLETE["SLACK_APP_TOKEN"]


async def found(monkeypatch: pytest.MonkeyPatch, **more: str) -> list[Finding]:
    """The findings about unusable settings. The doctor also has to say that nothing else was checked."""
    setting(monkeypatch, **more)
    findings = await diagnose()
    (unseen,) = of(findings, "services")
    assert "not checked" in unseen.sentence
    return of(findings, "settings")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"SLACK_BOT_TOKEN": ""}, "SLACK_BOT_TOKEN is missing"),
        (
            {"SLACK_APP_TOKEN": ""},
            "SLACK_APP_TOKEN is missing: set it (xapp-…) for Socket Mode, or set SLACK_SIGNING_SECRET",
        ),
        ({"SLACK_BOT_TOKEN": APP, "SLACK_APP_TOKEN": BOT}, "SLACK_BOT_TOKEN and SLACK_APP_TOKEN are swapped"),
        ({"SLACK_BOT_TOKEN": APP}, "this is an app-level token, which belongs in SLACK_APP_TOKEN"),
        ({"SLACK_APP_TOKEN": BOT}, "this is the bot token, which belongs in SLACK_BOT_TOKEN"),
        ({"SLACK_SIGNING_SECRET": BOT}, "should be the signing secret of the Slack app, not a token"),
        ({"BOLT_BOT_COMMAND": "bolt"}, "BOLT_BOT_COMMAND should be a slash command"),
    ],
)
async def test_a_setting_that_is_missing_or_wrong(
    more: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing or wrong setting is one problem, which names it and never its value."""
    (one,) = await found(monkeypatch, **more)
    assert one.level == "problem"
    assert words in one.sentence


async def test_a_setting_that_is_misspelt(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelled setting is reported as missing, and the misspelled variable is pointed out."""
    missing, misspelt = await found(monkeypatch, SLACK_BOT_TOKEN="", SLACK_BOT_TOKN=BOT)
    assert missing.sentence.startswith("SLACK_BOT_TOKEN is missing")
    assert "under OAuth & Permissions. Set the variable, or name a file" in missing.fix
    assert "SLACK_BOT_TOKEN_FILE" in missing.fix
    assert misspelt.sentence == "SLACK_BOT_TOKN isn't a setting and has no effect; did you mean SLACK_BOT_TOKEN?"


@pytest.mark.parametrize("name", ["POLICY", "HINTS", "OWNERS", "WATCHES"])
async def test_a_file_that_cannot_be_read(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A missing file, a directory and an invalid file are problems, each with its own reason."""
    setting_name = f"BOLT_BOT_{name}_FILE"
    broken = tmp_path / "broken.yaml"
    broken.write_text("version: 1\nversion: [")
    for path, words in (
        (tmp_path / "none.yaml", "the file can't be read (No such file or directory)."),
        (tmp_path, "the file can't be read (Is a directory)."),
        (broken, "line 2"),
    ):
        (one,) = await found(monkeypatch, **{setting_name: str(path)})
        assert one.level == "problem"
        assert one.sentence.startswith(f"{setting_name}: ")
        assert words in one.sentence
        assert one.fix.startswith("Correct the file")
