"""One search in the log shows a run's whole life."""

from __future__ import annotations

import json
from importlib import metadata

from tests.e2e.stage import Bot, Stage


def lines(bot: Bot) -> list[dict[str, object]]:
    """The lines of its JSON log."""
    return [json.loads(line) for line in bot.printed().splitlines() if line.startswith("{")]


async def test_each_line_of_a_runs_life_names_it(stage: Stage) -> None:
    """The log's lines name the request from the first one on, and the run once Bolt has given it an id."""
    bot = await stage.start_bot({"BOLT_BOT_LOG_FORMAT": "json"})
    await stage.slash("run hourly")
    await stage.until(stage.replied("failed"))
    await stage.until(lambda: any(line["event"] == "posted in a thread" for line in lines(bot)))
    (run,) = stage.started()
    found = lines(bot)
    asked = next(line for line in found if line["event"] == "asked")
    life = [line["event"] for line in found if line.get("request") == asked["request"]]
    assert [event for event in life if event != "audit"][:3] == ["asked", "started", "run ended"]
    assert "posted in a thread" in life
    by_run = [line["event"] for line in found if line.get("run") == run.id]
    assert by_run[:2] == ["started", "run ended"]
    assert "posted in a thread" in by_run


async def test_the_first_line_names_the_build(stage: Stage) -> None:
    """The first line has the version, and the revision if it's known."""
    bot = await stage.start_bot({"BOLT_BOT_LOG_FORMAT": "json", "BOLT_BOT_REVISION": "abc123"})
    started = next(line for line in lines(bot) if line["event"] == "started")
    assert (started["version"], started["revision"]) == (metadata.version("bolt-bot"), "abc123")
