"""A command's log, shown to one person: by default, the failed command's; if there's no log, the reason is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from bot.core.model.bolt import BoltCommand, CommandOutput, LogPage, RunStatus
from bot.core.model.errors import BoltError, BoltNotSent, BoltRejected, BoltTooLarge
from bot.core.model.run import CardRef, Observation, Run, RunKey
from bot.core.model.upload import Upload, UploadAnswer
from bot.core.text.message import Message, Preformatted
from bot.core.views.buttons import WHOLE_LOG, PartButton, read_part_value
from bot.flows.conclude import LogReader
from bot.flows.logs import CommandLogs, choose, promised
from bot.store.runs import Runs
from bot.store.scripts import Scripts
from bot.store.uploads import Uploads
from tests.core.views.plain import buttons, said
from tests.flows.fakes import FakeBolt
from tests.flows.stage import APP, asker, hide_secrets

T0 = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
KEY = RunKey("w", 7)
OK = BoltCommand(1, "dbt seed", T0, T0 + timedelta(seconds=9), 0)
BROKEN = BoltCommand(2, "dbt test", T0, T0 + timedelta(seconds=38), 1)
RUNNING = BoltCommand(3, "dbt docs", T0)


class Stage:
    """A run with its commands."""

    def __init__(self, redis: Redis) -> None:
        scripts = Scripts(redis, "test", retention_s=1000)
        self.bolt = FakeBolt()
        reader = LogReader(self.bolt, hide_secrets)
        self.logs = CommandLogs(self.bolt, Runs(scripts), reader, Uploads(scripts), app_url=APP, mask=hide_secrets)

    def of(self, state: str, *commands: BoltCommand, stdout: str = "") -> None:
        """Set the run's state, and the output of each of its commands."""
        self.bolt.statuses[7] = RunStatus(state, commands)
        for command in commands:
            self.bolt.outputs[command.id] = CommandOutput(command, 7, stdout, "")

    async def show(self, number: int | None = None) -> Message:
        """The message that is shown."""
        return await self.logs.show_log(KEY, number)


@pytest.fixture
def stage(one_redis: Redis) -> Stage:
    """The flow over an empty Redis."""
    return Stage(one_redis)


def box(message: Message) -> str:
    """The lines that are shown."""
    return "\n".join(block.text for block in message.blocks if isinstance(block, Preformatted))


async def test_the_failed_commands_log_is_shown(stage: Stage) -> None:
    """The relevant lines are shown, masked; the whole log is a click away."""
    stage.of("FAILED", OK, BROKEN, stdout="working\nERROR: no hunter2 here\n")
    message = await stage.show()
    assert "dbt test (command 2 of run 7) ended with exit code 1 after 38 s." in said(message.text)
    assert "ERROR: no ••• here" in box(message)
    whole = next(button for button in buttons(message) if button.action == WHOLE_LOG)
    assert read_part_value(whole.value) == PartButton(KEY, 2, "dbt test")


async def test_another_command_is_shown_by_its_number(stage: Stage) -> None:
    """Commands are numbered as on the card; a successful command is shown by its last lines."""
    stage.of("FAILED", OK, BROKEN, stdout="loaded\n")
    message = await stage.show(1)
    assert "dbt seed (command 1 of run 7) succeeded after 9 s." in said(message.text)
    assert "loaded" in box(message)
    assert "1 to 2" in said((await stage.show(9)).text)


async def test_a_running_command_may_tell_only_as_it_is_followed(stage: Stage) -> None:
    """A running command's log is shown as far as it goes; if there's nothing to read yet, the answer says so."""
    stage.of("RUNNING", OK, RUNNING)
    stage.bolt.pages[3] = [LogPage((("STDOUT", "line 1"),), "0:1", finished=False)]
    message = await stage.show()
    assert "is running" in said(message.text)
    assert box(message) == "line 1"
    assert "Live log" in [button.label for button in buttons(message)]
    stage.bolt.faults.fail("command_log", BoltNotSent())
    assert "hasn't printed anything yet" in said((await stage.show()).text)


@pytest.mark.parametrize(
    ("error", "words"),
    [(BoltTooLarge(5_000_000), "5 MB"), (BoltRejected(()), "no longer has"), (BoltNotSent(), "again in a minute")],
)
async def test_a_log_that_cannot_be_read_says_why(stage: Stage, error: BoltError, words: str) -> None:
    """The answer still names the command and how it ended."""
    stage.of("FAILED", BROKEN)
    stage.bolt.faults.fail("command_output", error)
    text = said((await stage.show()).text)
    assert words in text
    assert "exit code 1" in text


async def test_a_run_that_is_none_says_so(stage: Stage) -> None:
    """If Bolt is away, the answer says that instead."""
    assert "no run 7" in said((await stage.show()).text)
    stage.bolt.faults.fail("status", BoltNotSent())
    assert "again in a minute" in said((await stage.show()).text)


@pytest.mark.parametrize(("state", "words"), [("CANCELED", "no log"), ("STARTING", "in a moment")])
async def test_before_any_command_there_is_no_log(stage: Stage, state: str, words: str) -> None:
    """The run ended before any command began, or has only just started."""
    stage.of(state)
    assert words in said((await stage.show()).text)


@pytest.mark.parametrize(
    ("commands", "chosen"),
    [((OK, BROKEN, RUNNING), 2), ((OK, RUNNING), 3), ((OK,), 1)],
    ids=["failed", "running", "last"],
)
def test_the_command_that_matters_most_is_chosen(commands: tuple[BoltCommand, ...], chosen: int) -> None:
    """The failed command is chosen, else the running one, else the last one."""
    found = choose(Run(KEY, seen=Observation("RUNNING", commands)), None)
    assert not isinstance(found, Message)
    assert found[1].id == chosen


async def test_a_whole_log_is_asked_for_once(stage: Stage) -> None:
    """A second click while the log is on its way gets an answer that says so."""
    first = said((await stage.logs.post_whole_log(asker(), PartButton(KEY, 2, "dbt test"))).text)
    second = said((await stage.logs.post_whole_log(asker(), PartButton(KEY, 2, "dbt test"))).text)
    assert "already" not in first
    assert "already" in second


def test_a_promise_says_where_the_file_will_be() -> None:
    """The file will be in the run's thread if the run has a card here, and otherwise in the channel."""
    upload = Upload("x", KEY, asker(), BROKEN)
    in_thread = said(promised(("It",), upload, UploadAnswer("new", CardRef("C1", "1.5"))).text)
    assert "the thread of run 7" in in_thread
    assert "this channel" in said(promised(("It",), upload, UploadAnswer("new")).text)
    assert "again in a minute" in said(promised(("It",), upload, UploadAnswer("full")).text)
