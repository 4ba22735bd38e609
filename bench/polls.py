"""The load that followed runs put on Bolt: HTTP requests per run and minute, compared with the vendor's SDK."""

from __future__ import annotations

import asyncio

from bench.seed import LONG, many, seed
from bench.stage import (
    ROOT,
    Control,
    Environment,
    NewRequest,
    Options,
    bot,
    control,
    helper,
    redis_server,
    sandbox,
    worlds,
)
from bench.table import Row

RUNS = 500
INTERVAL_S = 5
BATCH = 100
MOST = 0.16
TIMES_FEWER = 150
MEASURED_S = 120.0
QUICK_S, QUICK_RUNS = 10.0, 50
FOLLOWED_S = 120.0
POLLS = "boltRunStatus"
# How many runs the SDK follows, and the Python in whose environment it's installed.
SDK_RUNS = 20
SDK_PYTHON = ROOT / ".conformance" / "bin" / "python"
# The SDK's command line treats any state but RUNNING as an end.
RUNNING_S = 3.0


async def measure(options: Options) -> list[Row]:
    """Measure our bot and the SDK at the same time, each with a Bolt of its own."""
    seconds = QUICK_S if options.quick else MEASURED_S
    runs = options.size(RUNS, QUICK_RUNS)
    ours, sdk = await asyncio.gather(_ours(seconds, runs), _sdk(seconds))
    (requests, polled), minutes = ours, seconds / 60
    each = requests / runs / minutes
    floor = 60 / INTERVAL_S / BATCH
    rows = [
        Row(
            f"HTTP requests per followed run and minute, {runs} active runs, {INTERVAL_S} s interval",
            f"{each:.3f}",
            f"{floor:.2f} with {BATCH} runs per request",
            f"≤ {MOST}",
            each <= MOST,
        ),
        Row("  runs per request", f"{polled / max(1, requests):.0f}", f"{BATCH} at most"),
        Row("  polls per run and minute", f"{polled / runs / minutes:.1f}", f"{60 / INTERVAL_S:.0f} at that interval"),
    ]
    return [*rows, _beside(each, sdk)]


def _beside(each: float, sdk: float | None) -> Row:
    measure, goal = "  compared with the vendor's SDK, following runs as its command line does", f"≤ 1/{TIMES_FEWER}"
    if sdk is None:
        return Row(measure, f"{each:.3f}", "not set up: make .conformance/.installed", goal)
    ratio = sdk / each
    return Row(measure, f"1/{ratio:.0f}", f"{sdk:.1f} ({SDK_RUNS} runs)", goal, ratio >= TIMES_FEWER)


async def _ours(seconds: float, runs: int) -> tuple[int, int]:
    """Return how many requests our bot sends in that time, and how many runs they ask for in total."""
    interval = {name: str(INTERVAL_S) for name in ("BOLT_BOT_POLL_MIN_S", "BOLT_BOT_POLL_MAX_S")}
    async with worlds() as around, redis_server() as redis_url:
        await seed(redis_url, around.environment, around.bolt, runs=runs)
        async with bot(around.environment, REDIS_URL=redis_url, **interval):
            await until_followed(around.bolt, runs)
            before, after = await _over(around.bolt, seconds)
    requests, polled = after.since(before, POLLS)
    if polled < 0.9 * runs * seconds / INTERVAL_S - runs:
        raise RuntimeError(f"only {polled} polls of {runs} runs in {seconds:.0f} s: not all were followed")
    return requests, polled


async def until_followed(bolt: Control, runs: int, polled: int = 0) -> None:
    """Wait until each run has been polled about three times since the first `polled` polls. Raises TimeoutError."""
    async with asyncio.timeout(FOLLOWED_S):
        while (await bolt.asked()).fields.get(POLLS, 0) < polled + 3 * runs:  # noqa: ASYNC110 - asked of another process
            await asyncio.sleep(1)


async def _over(bolt: Control, seconds: float) -> tuple[NewRequest, NewRequest]:
    before = await bolt.asked()
    await asyncio.sleep(seconds)
    return before, await bolt.asked()


async def _sdk(seconds: float) -> float | None:
    """Return the SDK's requests per run and minute, or None if the SDK isn't set up."""
    if not SDK_PYTHON.exists():
        return None
    async with sandbox() as (base, environment, _), control(base) as bolt:
        await bolt.post("bolt/schedules", {"name": "Long", "slug": "long", "commands": list(LONG)})
        started = await many(range(SDK_RUNS), lambda _number: bolt.post("bolt/runs", {"slug": "long"}))
        await asyncio.sleep(RUNNING_S)
        async with helper(*_command(environment, [str(one["id"]) for one in started])) as rival:
            await asyncio.sleep(RUNNING_S)
            before, after = await _over(bolt, seconds)
            if rival.returncode is not None:
                raise RuntimeError("the SDK has ended too early")
    return after.since(before, POLLS)[0] / SDK_RUNS / (seconds / 60)


def _command(environment: Environment, runs: list[str]) -> tuple[str, ...]:
    options = {
        "--endpoint": environment["PARADIME_API_ENDPOINT"],
        "--key": environment["PARADIME_API_KEY"],
        "--secret": environment["PARADIME_API_SECRET"],
    }
    return str(SDK_PYTHON), "bench/sdk_wait.py", *(part for pair in options.items() for part in pair), *runs
