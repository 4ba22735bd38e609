"""The doctor as a whole: what it prints, its exit status, and checks that don't finish."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.cli.doctor.examination import examine, run_areas
from bot.cli.doctor.finding import Finding, ok, problem, warning
from bot.cli.doctor.report import as_json, as_lines, exit_status
from bot.cli.doctor.subject import Check, Subject
from bot.load_settings import load_settings
from bot.paradime.client import BoltClient
from bot.paradime.credentials import Credentials
from bot.slack.client import SlackChat
from tests.cli.doctor.patient import COMPLETE, setting
from tests.e2e.command import bolt_bot


async def test_settings_that_are_missing_are_findings() -> None:
    """Missing settings are findings with exit status 1, even with --json, and nothing else is checked."""
    outcome = await bolt_bot("doctor", "--json", environment={"BOLT_BOT_NMAE": "two"})
    assert (outcome.status, outcome.err) == (1, "")
    found = [Finding(**one) for one in json.loads(outcome.out)]
    missing = [one.sentence.split()[0] for one in found if one.level == "problem"]
    assert missing == ["SLACK_BOT_TOKEN", "PARADIME_API_ENDPOINT", "PARADIME_API_SECRET", "SLACK_APP_TOKEN"]
    misspelt, unseen = (one for one in found if one.level == "warning")
    assert misspelt.sentence == "BOLT_BOT_NMAE isn't a setting and has no effect; did you mean BOLT_BOT_NAME?"
    assert "not checked" in unseen.sentence


async def test_each_service_that_is_away_is_a_problem(tmp_path: Path) -> None:
    """Each service that's away is reported with a fix; the exit status is 1, and no secret is shown."""
    settings = {**COMPLETE, "REDIS_URL": "redis://:very-secret-5@127.0.0.1:1/0"}
    outcome = await bolt_bot("doctor", folder=tmp_path, environment=settings)
    assert outcome.status == 1
    lines = outcome.out.splitlines()
    problems = [line.split()[1] for line in lines if line.startswith("PROBLEM")]
    assert {"Slack", "Bolt", "Redis"} <= set(problems)
    assert any(line.strip().startswith("fix: ") for line in lines)
    assert "very-secret" not in outcome.err + outcome.out


async def test_findings_are_masked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings are masked, including paths and everything that the settings declare secret."""
    folder = tmp_path / "prdm_wsp_very-secret-3" / "acme-12345678"
    patterns = r"acme-\d{8}"
    setting(monkeypatch, BOLT_BOT_DATA_DIR=str(folder), BOLT_BOT_SECRET_PATTERNS=patterns)
    shown = as_json(await examine(load_settings()))
    assert "/•••/•••" in shown
    assert "very-secret" not in shown
    assert "12345678" not in shown


def subject(monkeypatch: pytest.MonkeyPatch) -> Subject:
    """Settings and clients for the checks, with no service running."""
    setting(monkeypatch)
    chat = SlackChat("xoxb-1", COMPLETE["SLACK_API_URL"], str)
    return Subject(load_settings(), chat, BoltClient("http://127.0.0.1:1/", Credentials("secret", "key")), str)


async def test_a_check_that_fails_or_hangs_is_a_problem_and_the_others_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that fails or hangs is a problem; the others run, and areas keep their order."""
    reached = asyncio.Event()

    async def crash(_: Subject) -> Sequence[Finding]:
        raise KeyError

    async def hang(_: Subject) -> Sequence[Finding]:
        reached.set()
        await asyncio.Event().wait()
        return ()

    async def wait(_: Subject) -> Sequence[Finding]:
        await reached.wait()
        return (ok("c", "Fine."),)

    areas = ((Check("a", crash), Check("b", hang)), (Check("c", wait),))
    one = subject(monkeypatch)
    found = await run_areas(areas, one, 0.05)
    await one.bolt.aclose()
    assert [(each.check, each.level) for each in found] == [("a", "problem"), ("b", "problem"), ("c", "ok")]
    assert "KeyError" in found[0].sentence
    assert "0.05 s" in found[1].sentence


def test_the_report_is_aligned_and_counted() -> None:
    """The report is aligned, with each fix below its finding; a line break can't forge a finding."""
    found = [ok("a", "Fine."), warning("longer", "So so.", "Do it."), problem("b", "Bad.\nok  c  Fine.", "Mend it.")]
    assert as_lines(found) == [
        "ok       a       Fine.",
        "WARNING  longer  So so.",
        "                 fix: Do it.",
        "PROBLEM  b       Bad. ok  c  Fine.",
        "                 fix: Mend it.",
        "",
        "1 problem and 1 warning.",
    ]
    assert exit_status(found) == 1
    assert exit_status(found[:2]) == 0
    assert as_lines([])[-1] == "Everything that was checked is OK."


def test_a_terminal_gets_lines_that_fit() -> None:
    """Lines fit the terminal unless it's too narrow; unbreakable text such as an address stays whole."""
    found = [problem("a", f"{'word ' * 12}https://{'x' * 60}/", "Do it.")]
    assert as_lines(found, 60)[:4] == [
        f"PROBLEM  a  {'word ' * 8}word",
        f"{'':12}word word word",
        f"{'':12}https://{'x' * 60}/",
        f"{'':12}fix: Do it.",
    ]
    assert as_lines(found, 40) == as_lines(found)


@pytest.mark.parametrize(("level", "fix"), [("ok", "Do it."), ("warning", ""), ("problem", "")])
def test_what_is_not_ok_has_a_fix(level: str, fix: str) -> None:
    """A finding has a fix if and only if it isn't ok."""
    with pytest.raises(ValueError, match="has a fix"):
        Finding("a", level, "So.", fix)  # type: ignore[arg-type]
