"""`/bolt logs`: the lines that matter, privately, and the whole log as a file in the thread."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from bolt_sandbox.bolt import Character, Fault, Schedule, Step
from bolt_sandbox.slack import Fault as SlackFault
from tests.e2e.stage import Stage
from tests.waiting import PATIENCE_S, condition, eventually

HOSTILE = (
    "<!channel> <@U0ADA> *bold* `code` :smile: <https://evil.example|click>",
    "password=hunter2hunter2hunter2",
    "postgres" + "://loader:s3cr3t-of-the-loader@warehouse.example/db",
    "\x1b[31mred\x1b[0m\u202eesrever",
)


async def run_to_its_end(stage: Stage, slug: str, words: str) -> int:
    """Run this schedule, wait until its end has been announced, and return the run's id."""
    await stage.slash(f"run {slug}")
    await stage.until(stage.card_says(words))
    await stage.until(stage.replied(words.split(maxsplit=1)[0]))
    return int(stage.started()[-1].id)


async def shows(stage: Stage, words: str) -> None:
    """Wait until a card's blocks contain these words, such as the running command."""
    await stage.until(lambda: any(words in str(card.blocks) for card in stage.cards()))


async def in_bolt(holds: Callable[[], bool], *, timeout_s: float = 20) -> None:
    """Wait until a condition holds in Bolt, which doesn't notify anyone."""
    await eventually(condition(holds), holds, within_s=max(timeout_s, PATIENCE_S))


async def printing(stage: Stage, run: int) -> None:
    """Wait until its last command has been printing for a while."""
    await in_bolt(lambda: stage.sandbox.bolt.view(run).commands[-1].elapsed_s > 6)


async def answer(stage: Stage, words: str) -> Any:  # noqa: ANN401
    """The private answer with these words."""
    await stage.until(stage.told_privately(words))
    return next(one for one in reversed(stage.private()) if words in one.text)


def files(stage: Stage) -> list[Any]:
    """The files in the channel and its threads, oldest first."""
    workspace = stage.sandbox.workspace
    return [
        workspace.files[one] for message in workspace.channel("data-eng").messages.values() for one in message.files
    ]


async def test_the_failed_command_is_told_by_default(stage: Stage) -> None:
    """By default, only the person who asked sees which command failed, its outcome and the lines that matter."""
    await stage.start_bot()
    run = await run_to_its_end(stage, "hourly", "failed after")
    await stage.until(lambda: len(stage.replies()) == 2)
    await stage.slash(f"logs {run}")
    told = await answer(stage, f"(command 2 of run {run}) ended with exit code 1")
    assert "dbt run --select +fct_revenue+" in told.text
    assert "net_amnt" in str(told.blocks)
    assert "These are the lines that matter. The whole log has" in str(told.blocks)
    assert "Live log" not in str(told.blocks)
    assert len(stage.replies()) == 2


async def test_a_command_is_asked_for_by_its_number(stage: Stage) -> None:
    """Numbers are those on the card, and Bolt's own commands have none. A successful command shows its last lines."""
    await stage.start_bot()
    run = await run_to_its_end(stage, "hourly", "failed after")
    await stage.slash(f"logs {run} 1")
    told = await answer(stage, f"(command 1 of run {run}) succeeded")
    assert "`dbt seed`" in told.text
    assert "Completed successfully" in str(told.blocks)
    end = stage.replies()[0]
    assert "failed (command 2 of 3, exit code 1" in end.text
    await stage.slash(f"status {run}")
    listed = await answer(stage, "failed after")
    assert "1. `dbt seed` ok" in str(listed.blocks)
    assert "2. `dbt run" in str(listed.blocks)
    assert "Bolt's own: `dbt deps` ok" in str(listed.blocks)
    assert "x-access-token" not in str(listed.blocks)
    await stage.slash(f"artifacts {run}")
    left = await answer(stage, f"Run {run} produced")
    assert "2. `dbt run" in str(left.blocks)
    await stage.slash(f"logs {run} 9")
    await answer(stage, f"Run {run} has 2 commands; there's no command 9. Choose one from 1 to 2.")


async def test_a_running_command_shows_what_it_has_printed_so_far(stage: Stage) -> None:
    """The log of a running command shows what it has printed so far, and more when it's asked for again."""
    lines = tuple(f"tick {number}" for number in range(2_000))
    stage.sandbox.bolt.add_schedule(Schedule(0, "Slow", "slow", Character((Step("./slow", 600, prints=lines),))))
    await stage.start_bot()
    await stage.slash("run slow")
    await shows(stage, "./slow")
    run = stage.started()[-1].id
    await printing(stage, run)
    await stage.slash(f"logs {run}")
    first = await answer(stage, f"(command 1 of run {run}) is running.")
    assert "Live log" in str(first.blocks)

    def ticks(*told: Any) -> int:  # noqa: ANN401
        return max(int(number) for number in re.findall(r"tick (\d+)", str([one.blocks for one in told])))

    before = ticks(first)

    await stage.click("Whole log in the thread")
    await stage.until(lambda: len(files(stage)) == 1)
    await stage.slash(f"logs {run}")
    await stage.until(lambda: ticks(*stage.private()) > before)
    # A log that has grown is posted as another file.
    await stage.click_until("Whole log in the thread", lambda: len(files(stage)) >= 2)
    assert len(files(stage)[1].content) > len(files(stage)[0].content)


async def test_a_backend_that_tells_running_output_by_cursor_only(stage: Stage) -> None:
    """If Bolt returns running output by cursor only, its first and last lines are still shown."""
    lines = tuple(f"tick {number} {'.' * 60}" for number in range(5_000))
    stage.sandbox.bolt.add_schedule(Schedule(0, "Slow", "slow", Character((Step("./slow", 600, prints=lines),))))
    stage.sandbox.bolt.tells_running_output = False
    await stage.start_bot()
    await stage.slash("run slow")
    await shows(stage, "./slow")
    run = stage.started()[-1].id
    await printing(stage, run)
    await stage.slash(f"logs {run}")
    told = str((await answer(stage, f"(command 1 of run {run}) is running.")).blocks)
    assert "tick 0 ..." in told
    assert "lines left out" in told
    assert "Whole log" not in told


async def test_a_hostile_log_is_shown_as_it_is_and_masked(stage: Stage) -> None:
    """A hostile log mentions nobody, formats nothing and shows no secret, in the answer or in the file."""
    step = Step("./hostile <!here> *x*", 5, 3, prints=HOSTILE)
    stage.sandbox.bolt.add_schedule(Schedule(0, "Hostile", "hostile", Character((step,))))
    await stage.start_bot()
    run = await run_to_its_end(stage, "hostile", "failed after")
    await stage.until(lambda: len(files(stage)) == 1)
    await stage.slash(f"logs {run}")
    told = await answer(stage, f"(command 1 of run {run})")
    assert "<!here>" not in told.text
    boxes = [block for block in told.blocks if block["type"] == "rich_text"]
    assert "<!channel> <@U0ADA> *bold*" in json.dumps(boxes)
    assert "<!channel>" not in json.dumps([block for block in told.blocks if block not in boxes])
    content = files(stage)[0].content.decode()
    for shown in (json.dumps(told.blocks, ensure_ascii=False), content):
        assert "hunter2" not in shown
        assert "s3cr3t" not in shown
        assert "\x1b" not in shown
        assert "\u202e" not in shown


async def test_in_a_cards_thread_the_run_may_be_left_out(stage: Stage) -> None:
    """In a card's thread, a command without a run is about the card's run, and its answer is private there too."""
    await stage.start_bot()
    run = await run_to_its_end(stage, "hourly", "failed after")
    await stage.until(lambda: len(stage.replies()) == 2)
    card, people = stage.cards()[-1], stage.sandbox.slack.people
    await people.mention("ada", "data-eng", "logs", thread_ts=card.ts)
    told = await answer(stage, f"(command 2 of run {run}) ended with exit code 1")
    assert told.thread_ts == card.ts
    await people.mention("ada", "data-eng", "artifacts", thread_ts=card.ts)
    await answer(stage, f"Run {run} produced 4 files from 2 commands.")
    await people.mention("ada", "data-eng", "logs --follow", thread_ts=card.ts)
    await stage.until(lambda: sum(f"(command 2 of run {run})" in one.text for one in stage.private()) == 2)


async def test_the_whole_log_comes_into_the_thread_once(stage: Stage) -> None:
    """The whole log is posted once, however often it's asked for; the log of a failed command is already there."""
    await stage.start_bot()
    run = await run_to_its_end(stage, "hourly", "failed after")
    await stage.until(lambda: len(files(stage)) == 1)
    await stage.slash(f"logs {run}")
    await answer(stage, f"(command 2 of run {run})")
    await stage.click("Whole log in the thread")
    await answer(stage, "is already in the thread")
    await stage.slash(f"logs {run} 1")
    await answer(stage, f"(command 1 of run {run})")
    await stage.click("Whole log in the thread", times=3)
    await stage.until(lambda: len(files(stage)) == 2)
    await answer(stage, f"is on its way to the thread of run {run}")
    file = files(stage)[1]
    assert file.name == f"run-{run}-dbt-seed.log"
    assert "Completed successfully" in file.content.decode()
    await stage.click("Whole log in the thread")
    await stage.until(lambda: sum("already" in one.text for one in stage.private()) >= 2)
    assert len(files(stage)) == 2


async def test_a_lost_reply_does_not_post_the_file_twice(stage: Stage) -> None:
    """If Slack's reply to the upload is lost, the file is found and not posted again."""
    await stage.start_bot({"BOLT_BOT_LEASE_S": "1.5"})
    run = await run_to_its_end(stage, "nightly", "succeeded in")
    await stage.slash(f"logs {run} 1")
    await answer(stage, f"(command 1 of run {run})")
    fault = SlackFault("drop_after", "files.completeUploadExternal")
    stage.sandbox.workspace.faults.add(fault)
    await stage.click("Whole log in the thread")
    await stage.until(lambda: len(files(stage)) == 1)
    await stage.until(lambda: stage.sandbox.workspace.faults.take("files.completeUploadExternal") is None)
    await stage.slash(f"logs {run} 2")
    await answer(stage, f"(command 2 of run {run})")
    await stage.click("Whole log in the thread")
    await stage.until(lambda: {one.name for one in files(stage)} >= {f"run-{run}-dbt-run.log"}, timeout_s=30)
    assert len(files(stage)) == 2


async def test_the_file_is_posted_after_a_crash(stage: Stage) -> None:
    """A file that was promised before the process was killed is posted after the restart."""
    short = {"BOLT_BOT_LEASE_S": "1.5"}
    bot = await stage.start_bot(short)
    run = await run_to_its_end(stage, "nightly", "succeeded in")
    await stage.slash(f"logs {run} 1")
    await answer(stage, f"(command 1 of run {run})")
    stage.sandbox.bolt.add_fault(Fault("away", count=None))
    await stage.click("Whole log in the thread")
    await answer(stage, "is on its way to the thread")
    bot.kill()
    await bot.ended()
    stage.sandbox.bolt.faults.clear()
    await stage.start_bot(short)
    await stage.until(lambda: len(files(stage)) == 1, timeout_s=40)


async def test_a_run_without_a_card_here_gets_its_file_into_the_channel(stage: Stage) -> None:
    """Without a card, the file is posted in the channel with a sentence about it, and the answer says why."""
    run = next(one.id for one in stage.sandbox.bolt.runs("hourly"))
    await stage.start_bot()
    await stage.slash(f"logs {run} 1")
    await answer(stage, f"(command 1 of run {run})")
    await stage.click("Whole log in the thread")
    await answer(stage, f"is on its way to this channel, because run {run} has no card here")
    await stage.until(lambda: len(files(stage)) == 1)
    (message,) = stage.cards()
    assert f"in run {run}:" in message.text
    assert not message.is_reply


async def test_a_run_without_a_card_here_gets_its_file_into_the_thread_it_was_asked_for_in(stage: Stage) -> None:
    """Without a card, a file that was asked for in a thread is posted in that thread."""
    run = next(one.id for one in stage.sandbox.bolt.runs("hourly"))
    await stage.start_bot()
    talk = await stage.say("what broke?")
    await stage.mention(f"logs {run} 1", thread=talk.ts)
    await answer(stage, f"(command 1 of run {run})")
    await stage.click("Whole log in the thread")
    await answer(stage, f"is on its way to this thread, because run {run} has no card here")
    await stage.until(lambda: len(files(stage)) == 1)
    (_asked, file) = stage.sandbox.workspace.channel("data-eng").replies(talk.ts)
    assert f"in run {run}:" in file.text
    assert stage.cards() == []


@pytest.mark.parametrize("joins", [True, False])
async def test_a_channel_without_the_bot_is_joined_or_says_how_to_mend_that(stage: Stage, *, joins: bool) -> None:
    """The bot joins a public channel to post the file; if it can't, the person is told how to invite it."""
    workspace = stage.sandbox.workspace
    run = next(one.id for one in stage.sandbox.bolt.runs("hourly"))
    await stage.start_bot()
    await stage.slash(f"logs {run} 1")
    await answer(stage, f"(command 1 of run {run})")
    workspace.channel("data-eng").members.remove(workspace.bot.id)
    if joins:
        await stage.click("Whole log in the thread")
        await stage.until(lambda: len(files(stage)) == 1)
        return
    refused = SlackFault("error", "conversations.join", count=None, code="method_not_supported_for_channel_type")
    workspace.faults.add(refused)
    await stage.click("Whole log in the thread")
    await answer(stage, "Invite me with /invite")


async def test_bad_input_is_answered_privately(stage: Stage) -> None:
    """Bad input is answered privately with what's wrong, and nothing is posted."""
    await stage.start_bot()
    for text, words in (
        ("logs 99999999", "There's no run 99999999 in Bolt. Check the number."),
        ("logs 99999999 --follow", "There's no run 99999999 in Bolt. Check the number."),
        ("logs abc", "There's no schedule"),
        ("logs", "run"),
        ("artifacts 99999999", "There's no run 99999999 in Bolt. Check the number."),
        ("artifacts abc", "There's no schedule"),
    ):
        assert words in (await stage.answer_to(stage.slash(text))).text, text
    assert stage.cards() == []
