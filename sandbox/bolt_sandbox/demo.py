"""The demo: the sandbox in this process, the bot in a child process, and the workspace as text in the terminal.

The schedules that keep it lively are in `bolt_sandbox.bolt.lively`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bolt_sandbox.bolt import BoltWorld, timetables
from bolt_sandbox.child import Child
from bolt_sandbox.driver import HELP, Driver, Screen
from bolt_sandbox.server import Sandbox, say, until_signaled
from bolt_sandbox.slack import Workspace
from bolt_sandbox.slack.model import Message

TOUR_STEP_S = 90.0
FOREIGN = ("SLACK_", "PARADIME_", "REDIS_", "BOLT_BOT_HTTP_", "BOLT_BOT_DATA_DIR")
PROXIES = ("http_proxy", "https_proxy", "all_proxy")
INTRO = """\
The bot is ready. In its workspace are @ada, @grace (an admin) and @gus (a guest). The bot's log is in {log}
Runs of three schedules start by themselves, and some fail. World, in the browser, stops them.
In this terminal, you can type:
{help}
For curl, see {base}/control

Open this link in a browser on this machine:  {base}"""
NO_TERMINAL = "Standard input isn't a terminal, so it isn't read. Use the browser."


def bot_environment(ours: Mapping[str, str], sandbox_env: Mapping[str, str], data_dir: Path) -> dict[str, str]:
    """Return the bot's environment: this process's, without settings that point elsewhere, plus the sandbox's.

    Proxies are left out, because slack_sdk would use them for the loopback address too.
    """
    kept = {name: value for name, value in ours.items() if not name.startswith(FOREIGN) and name.lower() not in PROXIES}
    here = {
        "BOLT_BOT_HTTP_HOST": "127.0.0.1",
        "BOLT_BOT_HTTP_PORT": "0",
        "BOLT_BOT_DATA_DIR": str(data_dir),
        "PYTHONUNBUFFERED": "1",
    }
    return {**kept, **sandbox_env, **here}


async def demo(port: int = 0, speed: float = 1.0, *, manifest: str, command: Sequence[str], tour: bool = False) -> int:
    """Run the sandbox and the bot until `quit`, SIGTERM or SIGINT. Returns 0, or 1 if the bot or the tour failed.

    `manifest` is the Slack app's manifest, in YAML. `command` starts the bot as a child process. `tour` types two
    commands, waits until they're done, and exits. `speed` speeds up the runs.
    """
    directory = (Path("data") / "demo").absolute()
    directory.mkdir(parents=True, exist_ok=True)
    sandbox = Sandbox(Workspace(manifest), bolt=BoltWorld(speed=speed))
    played = asyncio.create_task(_play(sandbox, port, directory, command, tour=tour))
    signaled = asyncio.create_task(until_signaled())
    await asyncio.wait({played, signaled}, return_when=asyncio.FIRST_COMPLETED)
    if not played.done():
        played.cancel()
    await _ended(signaled)
    try:
        return await played
    except asyncio.CancelledError:
        return 0


async def _ended(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.wait({task})


async def _play(sandbox: Sandbox, port: int, directory: Path, command: Sequence[str], *, tour: bool) -> int:
    base = await sandbox.start(port=port)
    log = directory / "bot.log"
    # Each demo has a new world, in which run numbers start over, so the bot's data must be new too.
    memory = tempfile.TemporaryDirectory(prefix="bolt-bot-demo-")
    environment = bot_environment(os.environ, sandbox.env(), Path(memory.name))
    child = sandbox.controls.child = Child(environment, log, command=command, changed=sandbox.world_changed)
    try:
        await child.start()
        # If someone stops the bot on the page before it's ready, that isn't a failure.
        if not await child.ready() and child.wanted:
            say(f"The bot didn't become ready. Its log, {log}, ends with:\n{tail(log)}")
            return 1
        if not tour:
            timetables.set_mode(sandbox.bolt, "lively")
        say(INTRO.format(log=log, help=HELP, base=base))
        return await _converse(sandbox, child, tour=tour)
    finally:
        await child.close()
        await sandbox.stop()
        memory.cleanup()


async def _converse(sandbox: Sandbox, child: Child, *, tour: bool) -> int:
    sandbox.workspace.listeners.append(Screen(sandbox.workspace, say).show)
    driver = Driver(sandbox.workspace, sandbox.slack.people, say)
    fails = asyncio.create_task(_tell_of_failures(child, once=tour))
    if tour:
        talk = asyncio.create_task(take_tour(sandbox.workspace, driver))
    elif sys.stdin.isatty():
        talk = asyncio.create_task(driver.read_terminal(sys.stdin.fileno()))
    else:
        say(NO_TERMINAL)
        talk = asyncio.create_task(_forever())
    try:
        await asyncio.wait({talk, fails}, return_when=asyncio.FIRST_COMPLETED)
        return talk.result() if talk.done() else 1
    finally:
        await _ended(talk)
        await _ended(fails)


async def _tell_of_failures(child: Child, *, once: bool) -> None:
    """Print a line when the bot has exited by itself. The workspace stays, with the log of calls that explains why."""
    while True:
        status = await child.failed()
        say(f"The bot exited with status {status}. Its log shows why. To start it again, open World in the browser.")
        if once:
            return


async def _forever() -> int:
    await asyncio.Event().wait()
    return 0


def tail(log: Path, lines: int = 20) -> str:
    """Return the last lines of a file."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


async def take_tour(ws: Workspace, driver: Driver, *, step_s: float = TOUR_STEP_S) -> int:
    """Run a schedule that succeeds and one that fails. Returns 0 once both ends are posted."""
    for command, end in (("/bolt run nightly", "succeeded"), ("/bolt run hourly", "failed")):
        before = set(ws.channels["C0DATAENG"].messages)
        say(f"\n@ada types: {command}")
        await driver.do(command)
        try:
            await ws.until(_has_ended(ws, before, end), timeout_s=step_s)
        except TimeoutError:
            say(f"The tour waited {step_s:g} s, but no run {end}.")
            return 1
    say("\nThat's the end of the tour.")
    return 0


def _has_ended(ws: Workspace, before: set[str], end: str) -> Callable[[], bool]:
    channel = ws.channels["C0DATAENG"]

    def tells(message: Message) -> bool:
        return message.ts not in before and end in message.text and bool(channel.replies(message.ts))

    return lambda: any(tells(message) for message in channel.messages.values() if not message.is_reply)
