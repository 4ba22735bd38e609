"""*Run when it ends*: a start that waits for a run of its schedule, visible, and started once."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bolt_sandbox.bolt import Fault
from bolt_sandbox.slack import Fault as SlackFault
from bot.store.embedded import EmbeddedRedis, find_server
from tests.e2e.elsewhere import SLUG, add_schedule, ends, starts
from tests.e2e.stage import Stage
from tests.e2e.test_home import click, opened, reads, says, until

SHORT = {"BOLT_BOT_LEASE_S": "1.5", "BOLT_BOT_API_TIMEOUT_S": "1"}
LONG_S = 40.0
QUEUE = "Run when it ends"
DROP = "Don't run"


async def queued(stage: Stage, *, user: str = "ada", text: str = f"run {SLUG}", times: int = 1) -> None:
    """Ask for a start that's refused, and queue it."""
    before = len(stage.cards())
    await stage.slash(text, user=user)
    await stage.until(lambda: any(QUEUE in str(one.blocks) for one in stage.private(user)))
    await stage.until(lambda: len(stage.cards()) == before)
    await stage.click(QUEUE, user=user, times=times)
    await stage.until(lambda: len(stage.cards()) == before + 1 and "is waiting for" in stage.cards()[-1].text)


async def restart(stage: Stage) -> None:
    """Kill the bot, clear all faults, and start it on the same data."""
    stage.bots[-1].kill()
    await stage.bots[-1].ended()
    stage.sandbox.bolt.faults.clear()
    stage.sandbox.workspace.faults.clear()
    await stage.start_bot(SHORT)


def person(stage: Stage, name: str) -> str:
    """How Slack writes a mention of a person."""
    return f"<@{stage.sandbox.workspace.user(name).id}>"


def directly_told(stage: Stage, user: str = "ada") -> str:
    """Everything that the bot has written to a person directly."""
    workspace = stage.sandbox.workspace
    return "\n".join(one.text for one in workspace.direct(workspace.user(user).id).messages.values())


async def test_it_starts_once_when_the_run_has_ended(stage: Stage) -> None:
    """A start queued with two clicks starts once when the scheduler's run has failed, and keeps its card."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot()
    await queued(stage, text=f"run {SLUG} --branch dev", times=2)
    (card,) = stage.cards()
    assert f"run {run.id}" in card.text
    assert f"Requested by {person(stage, 'ada')}" in card.text
    assert DROP in str(card.blocks)
    assert stage.told_privately("will start when")()
    assert stage.started() == []
    ends(stage, run, "ERROR")
    await stage.until(stage.card_says("is running"))
    (mine,) = stage.started()
    assert mine.branch == "dev"
    assert f"started by {person(stage, 'ada')}" in stage.cards()[-1].text
    ends(stage, mine)
    await stage.until(stage.replied("succeeded"))
    assert len(stage.cards()) == 1
    assert len(stage.started()) == 1


async def test_the_same_words_wait_once(stage: Stage) -> None:
    """The same request waits once, whether it's typed again or queued again from another refusal."""
    add_schedule(stage)
    starts(stage)
    await stage.start_bot()
    await stage.slash(f"run {SLUG}")
    await stage.until(stage.told_privately("is already running as"))
    await stage.slash(f"run {SLUG}")
    await stage.until(lambda: len(stage.private()) == 2)
    first, second = (one.ts for one in stage.private())
    people = stage.sandbox.slack.people
    await people.click("ada", "data-eng", first, label=QUEUE)
    await stage.until(stage.card_says("is waiting for"))
    await people.click("ada", "data-eng", second, label=QUEUE)
    await stage.until(stage.told_privately("is already queued by your identical request"))
    await stage.slash(f"run {SLUG}")
    await stage.until(stage.told_privately("You already asked for"))
    assert len(stage.cards()) == 1


async def test_two_people_wait_in_order(stage: Stage) -> None:
    """The second person's start waits for the first one's run, and its card says so; both run once."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot()
    await queued(stage)
    await queued(stage, user="grace")
    assert "1 earlier start" in stage.cards()[-1].text
    ends(stage, run)
    await stage.until(lambda: len(stage.started()) == 1)
    (first,) = stage.started()
    await stage.until(lambda: f"|run {first.id}> to end" in stage.cards()[-1].text)
    assert person(stage, "ada") in stage.cards()[0].text
    ends(stage, first)
    await stage.until(lambda: len(stage.started()) == 2)
    second = stage.started()[-1]
    await stage.until(lambda: "is running" in stage.cards()[-1].text)
    assert person(stage, "grace") in stage.cards()[-1].text
    ends(stage, second)
    await stage.until(lambda: sum("succeeded" in card.text for card in stage.cards()) == 2)
    assert stage.asked("triggerBoltRun") == 4


async def test_it_is_taken_out_of_the_queue(stage: Stage) -> None:
    """Somebody else can remove it: the card says who, the asker is told, and nothing starts, even after two clicks."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot()
    await queued(stage)
    await stage.click(DROP, user="grace", times=2)
    await stage.until(stage.card_says(f"wasn't started: {person(stage, 'grace')} removed it from the queue"))
    assert DROP not in str(stage.cards()[-1].blocks)
    await stage.until(lambda: "removed it from the queue" in directly_told(stage))
    ends(stage, run)
    # Someone whose start was removed can ask again at once.
    await stage.slash(f"run {SLUG}")
    await stage.until(stage.card_says("is running"))
    assert len(stage.started()) == 1


async def test_it_is_listed_and_taken_out_from_there(stage: Stage) -> None:
    """`status` and the asker's Home list queued starts with their cards, and can remove them."""
    add_schedule(stage)
    run = starts(stage)
    stage.sandbox.workspace.user("gus").role = "member"
    await stage.start_bot()
    await queued(stage)
    await queued(stage, user="grace")
    await stage.slash("status", user="gus")
    await stage.until(stage.told_privately("I'm not following any active runs in this channel; ", "gus"))
    told = stage.private("gus")[-1]
    shown = str(told.blocks)
    assert told.text.count("is waiting for") == 2
    assert f"run {run.id}> to end (requested by {person(stage, 'ada')})" in told.text
    assert f"/p{stage.cards()[0].ts.replace('.', '')}|its card>" in shown
    await stage.sandbox.slack.people.click("gus", "data-eng", told.ts, label=DROP)
    await stage.until(lambda: f"{person(stage, 'gus')} removed it from the queue" in stage.cards()[0].text)
    await stage.until(stage.told_privately("was removed from the queue, so it won't start.", "gus"))
    await opened(stage, "Your queued starts (1)", "grace")
    assert "#data-eng · its card" in reads(stage, "grace")
    await click(stage, DROP, "grace")
    await until(stage, says(stage, "was removed from the queue", "grace"), "grace")
    assert "Your queued starts" not in reads(stage, "grace")
    await stage.slash("status", user="gus")
    await stage.until(stage.told_privately("I'm not following any active runs in this channel. Start one", "gus"))
    ends(stage, run)
    assert stage.started() == []


async def test_in_the_thread_of_a_card_that_waits(stage: Stage) -> None:
    """In the thread of a queued start, commands about a run say there's none yet, and cancel dequeues the start."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot()
    await queued(stage)
    card = stage.cards()[-1]
    words = f"is waiting for run {run.id} to end and has no run yet"
    await stage.mention("status", thread=card.ts)
    await stage.until(stage.told_privately(words))
    await stage.mention("logs --follow", thread=card.ts)
    await stage.until(lambda: sum(words in one.text for one in stage.private()) == 2)
    await stage.mention("cancel", user="grace", thread=card.ts)
    await stage.until(stage.card_says(f"wasn't started: {person(stage, 'grace')} removed it from the queue"))
    await stage.until(stage.told_privately("was removed from the queue", "grace"))
    await stage.mention("cancel", thread=card.ts)
    await stage.until(stage.told_privately("is no longer in the queue"))
    assert stage.asked("cancelBoltRun") == 0
    ends(stage, run)
    await stage.slash(f"run {SLUG}")
    await stage.until(stage.card_says("is running"))
    assert len(stage.started()) == 1


async def test_one_that_is_taken_out_lets_the_next_one_run(stage: Stage) -> None:
    """If the first start in the queue is removed, the next one runs."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot()
    await queued(stage)
    await queued(stage, user="grace")
    first = stage.cards()[0]
    await stage.sandbox.slack.people.click("ada", "data-eng", first.ts, label=DROP)
    await stage.until(lambda: "before it" not in stage.cards()[-1].text)
    ends(stage, run)
    await stage.until(lambda: len(stage.started()) == 1)
    await stage.until(lambda: f"started by {person(stage, 'grace')}" in stage.cards()[-1].text)


async def test_it_does_not_wait_for_ever(stage: Stage) -> None:
    """A start that has waited for the maximum time is dropped: its asker is told, and its card says why."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot({"BOLT_BOT_QUEUE_S": "4"})
    await queued(stage)
    await stage.until(lambda: "It waited in the queue for 4 s" in directly_told(stage), timeout_s=LONG_S)
    await stage.until(stage.card_says("wasn't started. It waited in the queue for 4 s"))
    ends(stage, run)
    assert stage.started() == []


async def test_a_retry_waits_too(stage: Stage) -> None:
    """A queued retry reruns the run that had failed when it was queued, even if another run fails meanwhile."""
    add_schedule(stage)
    failed = starts(stage)
    ends(stage, failed, "ERROR")
    run = starts(stage)
    await stage.start_bot()
    await queued(stage, text=f"retry {SLUG} --all")
    assert f"Retry of run {failed.id}" in stage.cards()[-1].text
    ends(stage, run, "ERROR")
    await stage.until(lambda: len(stage.started()) == 1)
    (retry,) = stage.started()
    assert retry.parent_id == failed.id
    await stage.until(stage.card_says(f"|Run {retry.id}>"))
    assert len(stage.cards()) == 1


async def test_a_click_too_late(stage: Stage) -> None:
    """A click on *Don't run* after the start names its run and cancels nothing."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot()
    await queued(stage)
    waiting = stage.cards()[-1]
    value = next(one for block in waiting.blocks for one in block.get("elements", []) if "value" in one)["value"]
    ends(stage, run)
    await stage.until(stage.card_says("is running"))
    card = stage.cards()[-1]
    stage.sandbox.workspace.edit(card, card.text, [button(value)], mark=False)
    await stage.click(DROP)
    await stage.until(stage.told_privately("already started as"))
    (mine,) = stage.started()
    assert stage.sandbox.bolt.view(mine.id).ended_at is None


def button(value: str) -> dict[str, object]:
    """The row of buttons as shown by a client that hasn't seen the edit."""
    text = {"type": "plain_text", "text": DROP}
    element = {"type": "button", "action_id": "start.drop", "text": text, "value": value}
    return {"type": "actions", "block_id": "old", "elements": [element]}


async def test_killed_while_it_waits(stage: Stage) -> None:
    """If the run ends while no bot is running, the queued start is started once after the restart."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot(SHORT)
    await queued(stage)
    stage.bots[-1].kill()
    await stage.bots[-1].ended()
    ends(stage, run)
    await stage.start_bot(SHORT)
    await stage.until(stage.card_says("is running"), timeout_s=LONG_S)
    assert len(stage.started()) == 1
    assert len(stage.cards()) == 1


@pytest.mark.parametrize("operation", ["listBoltRuns", "triggerBoltRun"])
async def test_killed_at_its_turn(stage: Stage, operation: str) -> None:
    """If the bot is killed while the schedule is checked or Bolt is asked to start, the start is sent once."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot(SHORT)
    await queued(stage)
    fault = Fault("timeout", operation=operation, executes=True, hold_s=None)
    stage.sandbox.bolt.add_fault(fault)
    ends(stage, run)
    await stage.until(lambda: fault.is_spent, timeout_s=LONG_S)
    await restart(stage)
    await stage.until(stage.card_says("is running"), timeout_s=LONG_S)
    assert len(stage.started()) == 1
    assert len(stage.cards()) == 1


async def test_killed_while_its_card_is_posted(stage: Stage) -> None:
    """If Slack's reply about its card is lost with the process, the card is found, and the start still waits."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot(SHORT)
    await stage.slash(f"run {SLUG}")
    await stage.until(stage.told_privately("is already running as"))
    await stage.until(lambda: stage.cards() == [])
    stage.sandbox.workspace.faults.add(SlackFault("drop_after", "chat.postMessage"))
    await stage.click(QUEUE)
    await stage.until(stage.card_says("is waiting for"))
    await restart(stage)
    ends(stage, run)
    await stage.until(stage.card_says("is running"), timeout_s=LONG_S)
    assert len(stage.started()) == 1
    assert len(stage.cards()) == 1


async def test_taken_out_while_its_card_is_posted(stage: Stage) -> None:
    """If a start is removed after the reply to its card's post was lost, no card is left that says it's waiting."""
    add_schedule(stage)
    starts(stage)
    await stage.start_bot(SHORT)
    await stage.slash(f"run {SLUG}")
    await stage.until(stage.told_privately("is already running as"))
    await stage.until(lambda: stage.cards() == [])
    stage.sandbox.workspace.faults.add(SlackFault("drop_after", "chat.postMessage"))
    await stage.click(QUEUE)
    await stage.until(stage.card_says("is waiting for"))
    await stage.click(DROP)
    await stage.until(lambda: stage.cards() == [])
    assert stage.started() == []


async def test_bolt_away_at_its_turn(stage: Stage) -> None:
    """If Bolt is away when its turn comes, the start is sent once Bolt is back, because its deadline begins then."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot(SHORT)
    await queued(stage)
    fault = Fault("status", operation="listBoltRuns", count=None)
    stage.sandbox.bolt.add_fault(fault)
    asked = stage.asked("listBoltRuns")
    ends(stage, run)
    await stage.until(lambda: stage.asked("listBoltRuns") > asked + 3, timeout_s=LONG_S)
    assert stage.started() == []
    stage.sandbox.bolt.faults.clear()
    await stage.until(stage.card_says("is running"), timeout_s=LONG_S)
    assert len(stage.started()) == 1


@pytest.fixture
async def redis() -> AsyncIterator[EmbeddedRedis]:
    """A separate Redis, not started yet."""
    # The path is short, because a socket's path has a limit, and new, because other test runs may be active.
    folder = Path(tempfile.mkdtemp(prefix="bolt-bot-"))
    server = EmbeddedRedis(folder, find_server())
    yield server
    await server.stop()
    shutil.rmtree(folder, ignore_errors=True)


async def test_redis_restarts_while_the_run_ends(stage: Stage, redis: EmbeddedRedis) -> None:
    """A queued start survives a restart of Redis, and is started once."""
    url = await redis.start()
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot({"REDIS_URL": url, **SHORT})
    await queued(stage)
    await redis.stop()
    ends(stage, run)
    await redis.start()
    await stage.until(stage.card_says("is running"), timeout_s=LONG_S)
    assert len(stage.started()) == 1
    assert len(stage.cards()) == 1


async def test_two_replicas_start_them_once_each(stage: Stage, redis: EmbeddedRedis) -> None:
    """With two replicas, each queued start is started once."""
    url = await redis.start()
    add_schedule(stage)
    run = starts(stage)
    for _ in range(2):
        await stage.start_bot({"REDIS_URL": url, **SHORT})
    await queued(stage)
    await queued(stage, user="grace")
    for number in (1, 2):
        ends(stage, run)
        await stage.until(lambda: len(stage.started()) >= number, timeout_s=LONG_S)  # noqa: B023 - waited for here
        run = stage.started()[-1]
        await stage.until(stage.card_says(f"|Run {run.id}>"), timeout_s=LONG_S)
        assert len(stage.started()) == number
    assert len(stage.cards()) == 2
