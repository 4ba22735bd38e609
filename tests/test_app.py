"""Parts that can end by themselves while the bot is running."""

from __future__ import annotations

import asyncio

import pytest

from bot.app import App, CannotServeError
from bot.load_settings import load_settings
from bot.workers.worker import Work, Worker
from tests.waiting import PATIENCE_S
from tests.workers.test_pool import pool_of

ENVIRONMENT = {
    "SLACK_BOT_TOKEN": "xoxb-made-up",
    "SLACK_SIGNING_SECRET": "made-up",
    "PARADIME_API_ENDPOINT": "http://127.0.0.1:1/graphql",
    "PARADIME_API_KEY": "made-up",
    "PARADIME_API_SECRET": "made-up",
}


async def test_a_worker_that_dies_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that dies ends the process with one line, so that a supervisor restarts it."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)

    class Killed(BaseException):
        """An error that no loop survives."""

    async def dies() -> Work:
        raise Killed

    def incident(where: str, error: BaseException) -> str:
        assert where == "worker polls"
        assert isinstance(error, Killed)
        return "7f3a"

    app = App(load_settings(), str)
    workers = {"polls": Worker("polls", dies, most=1, report_fault=incident)}
    app._pool = pool_of(workers, incident)
    app._pool.start()
    with pytest.raises(
        CannotServeError, match=r'The worker "polls" stopped unexpectedly \(reference 7f3a\)\. Restart the bot'
    ):
        async with asyncio.timeout(PATIENCE_S):
            await app.run_until(asyncio.Event())
    assert await app._readiness.not_ready() == ["starting or stopping"]
    await app.stop()


async def test_a_loop_that_ends_by_an_error_is_logged_at_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loop that ends with an error is logged with its name; stopping the bot isn't an error."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    app = App(load_settings(), str)

    async def fails() -> None:
        raise ValueError("spilt")

    async def goes_on() -> None:
        await asyncio.Event().wait()

    app._loop("reload", fails())
    app._loop("directory", goes_on())
    await asyncio.wait(app._loops, return_when=asyncio.FIRST_COMPLETED)
    await app._stop_loops()
    # Where it's printed depends on whether an earlier test in this process has configured logging.
    printed = "".join(capsys.readouterr())
    assert printed.count("unexpected fault") == 1
    assert "where=reload" in printed
