"""The command `bolt-bot`, as a process."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from importlib import metadata
from pathlib import Path

import pytest
import yaml

from bolt_sandbox.server import Sandbox
from tests.e2e.command import bolt_bot
from tests.e2e.forked import ROOT, Forked
from tests.waiting import eventually

COMPLETE = {
    "SLACK_BOT_TOKEN": "xoxb-very-secret-1",
    "SLACK_APP_TOKEN": "xapp-very-secret-2",
    "PARADIME_API_ENDPOINT": "http://127.0.0.1:1/graphql",
    "PARADIME_API_SECRET": "prdm_wsp_very-secret-3",
}

# The demo starts the bot as people do, from a folder other than the code's.
DEMO = {"PYTHONPATH": str(ROOT)}


async def started(*arguments: str) -> tuple[int, str, str]:
    """Start the command as people do, with its own interpreter; return its exit status and what it prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_without_settings_it_names_each_and_ends() -> None:
    """Without settings, each is named in a line on standard error, and the exit status is 2."""
    outcome = await bolt_bot("run")
    assert outcome.status == 2
    assert outcome.out == ""
    names = [line.split()[0] for line in outcome.err.splitlines()]
    assert names == ["SLACK_BOT_TOKEN", "PARADIME_API_ENDPOINT", "PARADIME_API_SECRET", "SLACK_APP_TOKEN"]


async def test_a_malformed_setting_is_not_quoted() -> None:
    """A malformed setting is reported with its name and the rule, without any setting's value."""
    wrong = {**COMPLETE, "SLACK_BOT_TOKEN": "xoxp-very-secret-4", "BOLT_BOT_PORT": "80"}
    outcome = await bolt_bot("run", environment=wrong)
    assert outcome.status == 2
    unknown, malformed = outcome.err.splitlines()
    assert unknown.startswith("BOLT_BOT_PORT isn't a setting")
    assert malformed == "SLACK_BOT_TOKEN should begin with xoxb- or xoxe.xoxb-"


async def test_what_ends_the_start_is_logged_as_json(tmp_path: Path) -> None:
    """Everything that stops startup is logged as JSON: missing settings, warnings and services that are away."""
    outcome = await bolt_bot("run", environment={"BOLT_BOT_LOG_FORMAT": "JSON", "BOLT_BOT_PORT": "80"})
    unknown, *lines = [json.loads(line) for line in outcome.err.splitlines()]
    assert unknown["level"] == "warning"
    assert unknown["why"].startswith("BOLT_BOT_PORT isn't a setting")
    assert outcome.status == 2
    assert {(line["event"], line["level"]) for line in lines} == {("the bot can't run", "critical")}
    assert lines[0]["why"].startswith("SLACK_BOT_TOKEN is missing")
    away = {"BOLT_BOT_HTTP_HOST": "127.0.0.1", "BOLT_BOT_HTTP_PORT": "0", "REDIS_URL": "redis://127.0.0.1:1/0"}
    outcome = await bolt_bot("run", folder=tmp_path, environment={**COMPLETE, **away, "BOLT_BOT_LOG_FORMAT": "json"})
    assert outcome.status == 1
    lines = [json.loads(line) for line in outcome.err.splitlines()]
    (fatal,) = [line for line in lines if line["level"] == "critical"]
    assert "Redis doesn't answer" in fatal["why"]


async def test_an_early_fault_is_logged_as_json() -> None:
    """A fault that occurs before the settings are read is logged as JSON too."""
    crash = "import argparse, bot.cli.run as run; run._log_early(argparse.Namespace(env_file=None)); 1 / len(b'')"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", crash),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "BOLT_BOT_LOG_FORMAT": "json"},
        stderr=PIPE,
    )
    _, err = await process.communicate()
    line = json.loads(err)
    assert (line["event"], line["level"], process.returncode) == ("uncaught exception", "critical", 1)
    assert "ZeroDivisionError" in line["exception"]


async def test_a_redis_that_is_away_ends_the_start(tmp_path: Path) -> None:
    """If Redis is away, the bot exits with status 1 and prints one line, without the password."""
    here = {"BOLT_BOT_HTTP_HOST": "127.0.0.1", "BOLT_BOT_HTTP_PORT": "0"}
    away = "redis://:very-secret-5@127.0.0.1:1/0"
    outcome = await bolt_bot("run", folder=tmp_path, environment={**COMPLETE, **here, "REDIS_URL": away})
    assert outcome.status == 1
    assert "Redis doesn't answer" in outcome.err
    assert "Traceback" not in outcome.err
    assert "very-secret" not in outcome.err + outcome.out


async def test_a_malformed_pattern_is_named_by_its_number() -> None:
    """With a malformed pattern, the bot exits with status 2 and names the pattern by its number, without its text."""
    patterns = "acme-[a-z]{8}\n(acme|acme+)+"
    outcome = await bolt_bot("run", environment={**COMPLETE, "BOLT_BOT_SECRET_PATTERNS": patterns})
    assert outcome.status == 2
    (line,) = outcome.err.splitlines()
    assert line.startswith(
        "BOLT_BOT_SECRET_PATTERNS should be regular expressions, one per line: number 2 has an unbounded repeat"
    )
    assert "acme" not in line


async def test_a_wrong_use_is_not_quoted_with_its_secret() -> None:
    """A secret in a wrong argument isn't shown in the error."""
    outcome = await bolt_bot("run", "--token", "very-secret-6", COMPLETE["PARADIME_API_SECRET"])
    assert outcome.status == 2
    assert "unrecognized arguments: --token •••" in outcome.err
    assert "very-secret" not in outcome.err + outcome.out


async def test_tokens_of_two_apps_end_the_start(sandbox: Sandbox, tmp_path: Path) -> None:
    """With tokens from two apps, the bot doesn't start, because no event would ever arrive; a line names both apps."""
    here = {"BOLT_BOT_HTTP_HOST": "127.0.0.1", "BOLT_BOT_HTTP_PORT": "0"}
    tokens = {"SLACK_APP_TOKEN": sandbox.workspace.other_app_token}
    outcome = await bolt_bot("run", folder=tmp_path, environment={**sandbox.env(), **here, **tokens})
    assert outcome.status == 1
    assert "SLACK_BOT_TOKEN belongs to the Slack app A0SANDBOX, but SLACK_APP_TOKEN belongs to A0OTHER" in outcome.err


async def test_the_manifest_can_be_piped() -> None:
    """The manifest can be printed without settings, and is YAML."""
    outcome = await bolt_bot("manifest", "--http", "https://bolt.acme.example")
    assert outcome.status == 0
    assert yaml.safe_load(outcome.out)["settings"]["interactivity"]["request_url"].startswith("https://bolt.acme")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("fly",),
        ("sandbox", "--port", "65536"),
        ("sandbox", "--port", "-1"),
        ("demo", "--speed", "0"),
        ("demo", "--speed", "nan"),
        ("manifest", "--http", "http://plain.example"),
        ("manifest", "--command", "bolt"),
    ],
)
async def test_a_wrong_use_is_explained(arguments: tuple[str, ...]) -> None:
    """Wrong arguments end with exit status 2, the usage and the reason."""
    outcome = await bolt_bot(*arguments)
    assert outcome.status == 2
    assert outcome.err.startswith("usage: bolt-bot")


async def test_the_version_is_told() -> None:
    """`--version` prints the version, and the revision if it's known."""
    status, out, err = await started("--version")
    assert (status, err) == (0, "")
    version, _, revision = out.strip().partition(" ")
    assert version == metadata.version("bolt-bot")
    assert not revision or re.fullmatch(r"\(revision [0-9a-f]{7,12}\)", revision)


async def test_wrong_settings_end_the_process() -> None:
    """Wrong settings end the process with exit status 2, and nothing on standard output."""
    status, out, err = await started("run")
    assert (status, out) == (2, "")
    assert err.startswith("SLACK_BOT_TOKEN ")


async def test_each_demo_begins_anew(tmp_path: Path) -> None:
    """Each demo starts with a new world and without its bot's earlier data, whose run numbers would be reused."""
    for _time in range(2):
        outcome = await bolt_bot("demo", "--tour", "--speed", "20", folder=tmp_path, environment=DEMO)
        assert "That's the end of the tour." in outcome.out, outcome.out
        assert outcome.status == 0


async def test_a_demo_without_a_terminal_says_how_it_is_used(tmp_path: Path) -> None:
    """A demo without a terminal says that it doesn't read its standard input, and goes on until it's ended."""
    out = tmp_path / "out"
    demo = Forked({"PATH": os.environ["PATH"], **DEMO}, out, arguments=["demo"], folder=tmp_path)
    try:
        await eventually(
            "it to say that there is no terminal, or to end",
            lambda: out.read_text() if out.exists() else "",
            lambda said: "isn't a terminal" in said or demo.returncode is not None,
        )
        assert demo.returncode is None, out.read_text()
    finally:
        demo.send_signal(signal.SIGTERM)
        await demo.wait()
