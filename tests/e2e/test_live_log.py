"""`/bolt logs --follow`: new lines are posted in the thread while the run goes on, each once, until the run ends."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from bolt_sandbox.bolt import Character, Fault, Schedule, Step
from bolt_sandbox.bolt.shapes import log_lines
from bolt_sandbox.slack import Fault as SlackFault
from tests.e2e.stage import Stage
from tests.e2e.test_logs import HOSTILE, answer, in_bolt, shows
from tests.waiting import eventually

FAST = {"BOLT_BOT_FOLLOW_GAP_S": "1", "BOLT_BOT_LEASE_S": "1.5"}
LONG_S = 50.0


def ticking(
    stage: Stage, lines: int = 100, seconds: float = 80, *, first: tuple[Step, ...] = (), more: tuple[Step, ...] = ()
) -> None:
    """Add a schedule whose command prints this many lines in this many seconds. Bolt's clock runs ten times as fast."""
    printed = tuple(f"tick {number:05d}" for number in range(lines))
    stage.sandbox.bolt.add_schedule(
        Schedule(0, "Slow", "slow", Character((*first, Step("./slow", seconds, prints=printed), *more)))
    )


def boxes(stage: Stage) -> list[str]:
    """The preformatted texts in the thread, oldest first."""
    return [
        part["elements"][0]["text"]
        for reply in stage.replies()
        for block in reply.blocks
        if block["type"] == "rich_text"
        for part in block["elements"]
    ]


def ticks(stage: Stage) -> list[int]:
    """The numbers of the lines that were posted in the thread, in order."""
    return [int(number) for box in boxes(stage) for number in re.findall(r"tick (\d{5})", box)]


async def follow(stage: Stage, **settings: str) -> int:
    """Start a bot and this run, and follow its log."""
    await stage.start_bot(FAST | settings)
    await stage.slash("run slow")
    await shows(stage, "./slow")
    run = int(stage.started()[-1].id)
    await stage.slash(f"logs {run} --follow")
    await answer(stage, f"I'll post new lines from run {run} in its thread")
    return run


async def stopped_by_itself(stage: Stage) -> None:
    """Wait until Bolt is no longer asked for the log; then there's nothing left to stop."""
    clock, asked, since = asyncio.get_running_loop().time, -1, 0.0

    def quiet() -> bool:
        nonlocal asked, since
        if stage.asked("boltCommandLogs") != asked:
            asked, since = stage.asked("boltCommandLogs"), clock()
        return clock() - since > 3

    await in_bolt(quiet, timeout_s=LONG_S)
    await stage.sandbox.slack.people.click("grace", "data-eng", posts(stage)[0].ts, label="Stop following")
    await stage.until(lambda: bool(stage.private("grace")))
    assert "so there's nothing to stop" in stage.private("grace")[-1].text


def posts(stage: Stage) -> list[Any]:
    """The posts of new lines."""
    return [one for one in stage.replies() if "in the log of" in one.text]


async def test_new_lines_come_until_the_run_ends(stage: Stage) -> None:
    """Every line is posted once, in order and in few posts; after the run's end nothing is followed anymore."""
    ticking(stage, more=(Step("./after", 5, prints=("behind it",)),))
    run = await follow(stage)
    await stage.until(stage.replied("succeeded in"), timeout_s=LONG_S)
    await stage.until(lambda: "behind it" in "".join(boxes(stage)), timeout_s=LONG_S)
    assert ticks(stage) == list(range(100))
    assert "▸ ./after" in "".join(boxes(stage)) or any("of `./after`" in one.text for one in posts(stage))
    assert 2 <= len(posts(stage)) <= 14
    assert sum("Stop following" in str(one.blocks) for one in posts(stage)) == 1
    await stopped_by_itself(stage)
    await stage.slash(f"logs {run} --follow")
    await answer(stage, f"of run {run}) succeeded")


async def test_in_the_thread_of_a_card_that_redis_has_lost(stage: Stage) -> None:
    """The card's record is rebuilt first; the log is followed until the run ends, and its end is announced."""
    ticking(stage, lines=30, seconds=60)
    await stage.start_bot(FAST)
    await stage.mention("run slow")
    await shows(stage, "./slow")
    stage.lose_data()
    run = stage.started()[-1].id
    await stage.mention("logs 1 --follow", thread=stage.cards()[-1].ts)
    await stage.until(stage.told_privately(f"I'll post new lines from run {run} in its thread"))
    await stage.until(lambda: bool(ticks(stage)), timeout_s=LONG_S)
    await stage.until(stage.replied("succeeded in"), timeout_s=LONG_S)
    await stage.until(stage.card_says("succeeded in"))
    assert len(stage.cards()) == 1


async def test_the_button_on_a_card_that_redis_has_lost(stage: Stage) -> None:
    """A card's buttons carry enough to rebuild its record, so the log is posted in its thread."""
    ticking(stage, lines=30, seconds=60)
    await stage.start_bot(FAST)
    await stage.slash("run slow")
    await shows(stage, "./slow")
    stage.lose_data()
    run = stage.started()[-1].id
    await stage.click("Live log")
    await stage.until(stage.told_privately(f"I'll post new lines from run {run} in its thread"))
    await stage.until(lambda: bool(ticks(stage)), timeout_s=LONG_S)
    await stage.until(stage.card_says("succeeded in"), timeout_s=LONG_S)
    assert len(stage.cards()) == 1


async def test_a_crash_loses_no_line_and_doubles_none(stage: Stage) -> None:
    """No line is lost or repeated after kill -9 while lines arrive, or after a lost reply to a post."""
    # The run takes longer than the test, even on a busy machine; the test ends the run.
    ticking(stage, lines=600, seconds=3000)
    run = await follow(stage)
    await stage.until(lambda: len(posts(stage)) >= 2)
    stage.bots[-1].kill()
    await stage.bots[-1].ended()
    await stage.start_bot(FAST)
    before = len(posts(stage))
    await stage.until(lambda: len(posts(stage)) > before)
    stage.sandbox.workspace.faults.add(SlackFault("drop_after", "chat.postMessage"))
    now = len(posts(stage))
    await stage.until(lambda: len(posts(stage)) > now)
    stage.bots[-1].kill()
    await stage.bots[-1].ended()
    stage.sandbox.workspace.faults.clear()
    await stage.start_bot(FAST)
    now = len(posts(stage))
    await stage.until(lambda: len(posts(stage)) > now)
    stage.sandbox.bolt.end(run, "SUCCESS")
    bolt = stage.sandbox.bolt
    printed = sum("tick" in line.text for line in log_lines(bolt, bolt.run(run), bolt.view(run).commands[-1]))
    await stage.until(lambda: len(ticks(stage)) >= printed)
    await stage.until(stage.replied("succeeded in"))
    await stopped_by_itself(stage)
    assert ticks(stage) == list(range(printed))


async def test_it_is_stopped_by_its_button(stage: Stage) -> None:
    """Anyone can stop it with the button in the post; nothing is posted after that, and the run goes on."""
    ticking(stage, seconds=300, first=(Step("./first", 1.0),))
    run = await follow(stage)
    await stage.until(lambda: len(posts(stage)) >= 1)
    await stage.slash(f"logs {run} --follow")
    await answer(
        stage, f"I'm already posting new lines from run {run} in its thread, currently from `./slow` (command 2)."
    )
    await stage.slash(f"logs {run} 1 --follow")
    other = await answer(stage, "To follow command 1 instead, stop following first, then try again.")
    assert "currently from `./slow` (command 2)" in other.text
    assert "Stop following" in str(other.blocks)
    ts = posts(stage)[0].ts
    await stage.sandbox.slack.people.click("grace", "data-eng", ts, label="Stop following")
    await stage.until(stage.told_privately(f"I've stopped following the log of run {run}.", user="grace"))
    count, elapsed = len(posts(stage)), stage.sandbox.bolt.view(run).commands[-1].elapsed_s
    await in_bolt(lambda: stage.sandbox.bolt.view(run).commands[-1].elapsed_s > elapsed + 4)
    assert len(posts(stage)) == count
    await stage.click("Stop following")
    await answer(stage, "so there's nothing to stop")


async def test_a_flood_of_hostile_lines_is_cut_and_masked(stage: Stage) -> None:
    """A flood of lines is cut with a line that says so, secrets are masked, and nothing mentions anyone."""
    lines = tuple(f"{HOSTILE[number % 4]} {number}" for number in range(20_000))
    stage.sandbox.bolt.add_schedule(Schedule(0, "Slow", "slow", Character((Step("./slow", 400, prints=lines),))))
    await follow(stage)
    await stage.until(lambda: len(posts(stage)) >= 2, timeout_s=LONG_S)
    for post in posts(stage):
        assert "hunter2" not in str(post.blocks)
        assert "s3cr3t" not in str(post.blocks)
        assert "<!channel>" not in post.text
        assert all("<!channel>" not in str(block) for block in post.blocks if block["type"] != "rich_text")
    assert any("lines left out" in box for box in boxes(stage))


async def test_a_run_that_is_deleted_meanwhile_is_told_once(stage: Stage) -> None:
    """If the run is deleted in Bolt, a last post says so."""
    ticking(stage, seconds=600)
    run = await follow(stage)
    await stage.until(lambda: len(posts(stage)) >= 1)
    stage.sandbox.bolt.add_fault(Fault("lost_run", run_id=run, count=None))
    await stage.until(
        stage.replied(f"Run {run} is no longer in Bolt, so I've stopped following its log."), timeout_s=LONG_S
    )


async def test_bolt_away_for_a_while_is_waited_for(stage: Stage) -> None:
    """After Bolt has been away for a while, the log goes on where it was."""
    ticking(stage, seconds=100)
    await follow(stage, BOLT_BOT_API_TIMEOUT_S="1")
    await stage.until(lambda: len(posts(stage)) >= 1)
    stage.sandbox.bolt.add_fault(Fault("status", operation="boltCommandLogs", count=4, status=503))
    await stage.until(lambda: bool(ticks(stage)) and ticks(stage)[-1] == 99, timeout_s=LONG_S)
    assert ticks(stage) == list(range(100))


async def test_without_a_card_here_it_says_so(stage: Stage) -> None:
    """Without a card there's no thread, so buttons offer to show the log, or to follow the run and then its log."""
    ticking(stage, seconds=300)
    run = stage.sandbox.bolt.start("slow")
    await stage.start_bot(FAST)
    await in_bolt(lambda: len(stage.sandbox.bolt.view(run.id).commands) == 3)
    await stage.slash(f"logs {run.id} --follow")
    await answer(stage, f"Run {run.id} has no card in this channel")
    await stage.click("Show log")
    await answer(stage, f"of run {run.id})")
    no_card = next(one.ts for one in stage.private() if "has no card in this channel" in one.text)
    people = stage.sandbox.slack.people
    await people.click("ada", "data-eng", no_card, label="Follow this run")
    await shows(stage, "./slow")

    async def asked() -> bool:
        told = len(stage.private())
        await people.click("ada", "data-eng", no_card, label="Live log")
        await stage.until(lambda: len(stage.private()) > told)
        return stage.told_privately(f"I'll post new lines from run {run.id} in its thread")()

    # Slack shows the card a moment before the bot has recorded it.
    await eventually(f"the log of run {run.id} to be followed", asked)
    await stage.until(lambda: bool(posts(stage)), timeout_s=LONG_S)


async def test_a_channel_that_throws_the_bot_out_ends_it(stage: Stage) -> None:
    """If the bot is removed from the channel, following stops, and the person who asked is told why."""
    ticking(stage, seconds=600)
    run = await follow(stage)
    await stage.until(lambda: len(posts(stage)) >= 1)
    workspace = stage.sandbox.workspace
    workspace.channel("data-eng").members.remove(workspace.bot.id)
    await stage.until(
        stage.told_privately(f"I've stopped following the log of run {run}: I can't post"), timeout_s=LONG_S
    )
