"""`make bench`: one table, each line beside its limit or its rival in the same run."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import sys
import time
from collections.abc import AsyncIterator

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bench.stage import Control, Process, bot, sandbox

COMMANDS = 200
A_SECOND = 20
CHANNELS = 20
CARDED_S = 120.0
POLLED_S = 60.0
QUIET_S = 5.0

Row = tuple[str, str, str, bool | None]


async def main() -> int:
    """Measure, print the table; 1 where a goal is missed."""
    rows: list[Row] = []
    # Slack and Bolt each in a process: what Bolt's answers cost to compute must not delay the clock of Slack.
    async with sandbox() as (slack_base, slack), sandbox() as (bolt_base, bolt):
        environment = slack | {name: value for name, value in bolt.items() if name.startswith("PARADIME_")}
        control, bolt_control = Control(slack_base), Control(bolt_base)
        try:
            await control.post("rates", {"enabled": False})
            channels = [f"bench-{number}" for number in range(CHANNELS)]
            for channel in channels:
                await control.post("channels", {"name": channel, "members": ["ada", "bolt"]})
            async with rival(environment):
                bare_ms = await acknowledge(control, channels, "anything")
            limits = {"BOLT_BOT_USER_LIMIT": "10000", "BOLT_BOT_CHANNEL_LIMIT": "10000"}
            async with bot(environment, **limits) as (running, ready_s):
                rows += await idle(running, ready_s)
                ours_ms = await acknowledge(control, channels, "run backfill")
                rows += acknowledged(ours_ms, bare_ms)
                rows += await followed(bolt_control, running)
        finally:
            await control.close()
            await bolt_control.close()
    return table(rows)


@contextlib.asynccontextmanager
async def rival(environment: dict[str, str]) -> AsyncIterator[None]:
    """A bare slack_bolt app that only acknowledges."""
    web = AsyncWebClient(token=environment["SLACK_BOT_TOKEN"], base_url=environment["SLACK_API_URL"])
    app = AsyncApp(client=web, signing_secret="unused")  # noqa: S106 - Socket Mode signs nothing

    @app.command("/bolt")
    async def on_command(ack: AsyncAck) -> None:
        await ack()

    handler = AsyncSocketModeHandler(app, environment["SLACK_APP_TOKEN"])
    await handler.connect_async()
    try:
        yield
    finally:
        await handler.close_async()


async def acknowledge(control: Control, channels: list[str], text: str) -> list[float]:
    """Type commands at a steady pace; how long each acknowledgement took, in milliseconds."""

    async def one(number: int) -> float:
        await asyncio.sleep(number / A_SECOND)
        body = {"user": "ada", "channel": channels[number % len(channels)], "text": f'{text} --reason "{number}"'}
        began = time.perf_counter()
        await control.post("slash", body)
        return (time.perf_counter() - began) * 1000

    return list(await asyncio.gather(*(one(number) for number in range(COMMANDS))))


async def idle(running: Process, ready_s: float) -> list[Row]:
    """What it costs to have the bot there."""
    await asyncio.sleep(QUIET_S)
    memory = running.rss_mb()
    return [
        ("start to ready", f"{ready_s:.2f} s", "< 3 s", ready_s < 3),
        ("idle memory, embedded Redis included", f"{memory:.0f} MB", "< 120 MB", memory < 120),
    ]


def acknowledged(ours_ms: list[float], bare_ms: list[float]) -> list[Row]:
    """The acknowledgement, with the durable write, beside an app that does nothing else."""
    ours, bare = p99(ours_ms), p99(bare_ms)
    name = f"acknowledgement p99, {A_SECOND}/s, written to the append-only file (everysec)"
    return [
        (name, f"{ours:.1f} ms", "< 100 ms", ours < 100),
        (
            "  median, ours and the bare app's",
            f"{statistics.median(ours_ms):.1f} ms",
            f"{statistics.median(bare_ms):.1f} ms",
            None,
        ),
        ("  p99 beside the bare app's", f"{ours:.1f} ms", f"{bare:.1f} ms (ratio {ours / bare:.2f})", None),
    ]


async def followed(control: Control, running: Process) -> list[Row]:
    """200 active runs: how many runs one HTTP request asks for."""
    until = time.monotonic() + CARDED_S
    while await started(control) < COMMANDS:
        if time.monotonic() > until:
            raise RuntimeError(f"only {await started(control)} of {COMMANDS} runs were started")
        await asyncio.sleep(1)
    before = (await control.get("bolt/state"))["requests"]
    await asyncio.sleep(POLLED_S)
    after = (await control.get("bolt/state"))["requests"]
    polls = counted(after, "fields_by_operation") - counted(before, "fields_by_operation")
    requests = counted(after, "by_operation") - counted(before, "by_operation")
    ratio = polls / requests if requests else 0.0
    minute = requests / COMMANDS / POLLED_S * 60
    return [
        (f"run-polls in one HTTP request, {COMMANDS} active runs", f"{ratio:.1f}", "≥ 20", ratio >= 20),
        ("  HTTP requests a run and minute", f"{minute:.3f}", "one poll each 30 s, one a request: 2", None),
        (f"memory, {COMMANDS} active runs", f"{running.rss_mb():.0f} MB", "–", None),
    ]


async def started(control: Control) -> int:
    """How many runs Bolt was asked for."""
    return counted(await _requests(control), "fields_by_operation", "triggerBoltRun")


async def _requests(control: Control) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = (await control.get("bolt/state"))["requests"]
    return counts


def counted(requests: dict[str, dict[str, int]], how: str, operation: str = "boltRunStatus") -> int:
    """How often an operation was asked for."""
    return int(requests[how].get(operation, 0))


def p99(values: list[float]) -> float:
    """The 99th percentile."""
    return statistics.quantiles(values, n=100)[98]


def table(rows: list[Row]) -> int:
    """Print the rows; 1 where one misses its goal."""
    width = max(len(name) for name, *_ in rows)
    for name, measured, goal, good in rows:
        verdict = "" if good is None else "ok" if good else "MISSED"
        sys.stdout.write(f"{name:<{width}}  {measured:>10}  {goal:<40}  {verdict}\n")
    return 1 if any(good is False for *_, good in rows) else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
