"""A bot in a process of its own, forked from a process that has already imported the bot's code.

Importing takes ten times as long as the rest of a start, and hundreds of tests start a bot. Some tests in `test_cli.py`
and `test_process.py` start the bot as people do.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.cli import COMMANDS

ROOT = Path(__file__).parents[2]
FORKS = multiprocessing.get_context("forkserver")
# The modules between bot.process and this one would be imported on first use. The last module freezes the memory.
PRELOADED = [
    *(f"bot.cli.{name.replace('-', '_')}" for name in COMMANDS),
    *("bot.process", "httpcore", "anyio._backends._asyncio", "emoji", __name__, "tests.e2e.frozen"),
]
FORKS.set_forkserver_preload(PRELOADED)


@dataclass(frozen=True, slots=True)
class _Command:
    """A command with its environment, its folder and the files for its output."""

    arguments: tuple[str, ...]
    environment: dict[str, str]
    folder: Path
    out: Path
    errors: Path | None


class Forked:
    """A running bot, or another of its commands, with those members of asyncio's `Process` that tests need."""

    def __init__(
        self,
        environment: Mapping[str, str],
        log: Path,
        *,
        arguments: Sequence[str] = ("run",),
        folder: Path = ROOT,
        errors: Path | None = None,
    ) -> None:
        """Write standard output to `log`, and standard error to `errors` or else to `log` as well."""
        command = _Command(tuple(arguments), dict(environment), folder, log, errors)
        self._process = FORKS.Process(target=_run, args=(command,), daemon=True)
        self._process.start()
        self._ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._process.sentinel, self._over)

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit status, negative if a signal ended the process; None while it's running."""
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        if self.returncode is None:
            os.kill(self.pid, number)

    async def wait(self) -> int:
        """Wait until it ends, and return its exit status."""
        await self._ended.wait()
        self._process.join()
        assert self.returncode is not None
        return self.returncode

    def _over(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self._ended.set()


def _run(command: _Command) -> None:
    """Do what `bolt-bot <arguments>` does, in the forked process."""
    from bot.cli import main  # noqa: PLC0415 - already imported by the process that this one is forked from

    os.chdir(command.folder)
    os.environ.clear()
    os.environ.update(command.environment)
    _redirect(1, command.out)
    if command.errors is None:
        os.dup2(1, 2)
    else:
        _redirect(2, command.errors)
    sys.exit(main(command.arguments))


def _redirect(descriptor: int, path: Path) -> None:
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(opened, descriptor)
    os.close(opened)
