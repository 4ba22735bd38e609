"""A team's own hints, in the thread and in the answer to `/bolt logs`."""

from __future__ import annotations

import json

from tests.e2e.stage import Stage

HINTS = """\
version: 1
hints:
  - id: for_another
    pattern: '^Got \\d+ results?'
    text: This is for another schedule.
    schedule: prod-*
  - id: duplicates
    pattern: '^Got \\d+ results?'
    text: The shop sent an order <!channel> twice.
    next: Delete the older one.
    retry: yes
    runbook: https://wiki.test/duplicates
    schedule: Data_Quality*
"""
SHOWN = (
    ":bulb: The shop sent an order &lt;!channel&gt; twice. Delete the older one. <https://wiki.test/duplicates|Runbook>"
)


async def test_a_teams_hint_shows_with_its_runbook(stage: Stage) -> None:
    """A team's hint comes before the built-in ones, for its schedule only, on the card, in the thread and in `logs`."""
    file = stage.folder / "hints.yaml"
    file.write_text(HINTS)
    await stage.start_bot({"BOLT_BOT_HINTS_FILE": str(file)})
    await stage.slash("run data-quality-tests")
    await stage.until(lambda: any(SHOWN in _blocks(one) for one in stage.cards()))
    await stage.until(lambda: bool(stage.replies()))
    assert SHOWN in _blocks(stage.replies()[0])
    await stage.slash(f"logs {stage.history + 1}")
    await stage.until(lambda: any(SHOWN in _blocks(one) for one in stage.private()))


async def test_a_faulty_file_ends_the_start(stage: Stage) -> None:
    """With a faulty hints file, the bot exits with status 2 and prints a line for each fault."""
    file = stage.folder / "hints.yaml"
    file.write_text(HINTS.replace("id: duplicates", "id: for_another").replace("https:", "http:"))
    bot = await stage.start_bot({"BOLT_BOT_HINTS_FILE": str(file)}, ready=False)
    assert await bot.ended() == 2
    lines = bot.printed().splitlines()
    assert [line[:29] for line in lines] == ["BOLT_BOT_HINTS_FILE: line 7: ", "BOLT_BOT_HINTS_FILE: line 12:"]


def _blocks(message: object) -> str:
    return json.dumps(getattr(message, "blocks", []), ensure_ascii=False).replace("\u2060", "")
