"""How fast the menu of schedules responds if there are 2,000: from the keystroke to the options, over the socket.

Measured once with a fast Bolt, and once with a slow one while the list is outdated, so that the previous list is shown.
"""

from __future__ import annotations

import asyncio
import time

from bench.stage import Control, Json, Options, bot, say, worlds
from bench.table import Row, percentile

SCHEDULES = 2000
KEYS = 400
QUICK_KEYS, QUICK_SCHEDULES = 30, 200
AT_ONCE = 32
GOAL_MS = 300.0
SLOW_S = 2.0
# After this time, the list is so old that it has to be read again while someone types.
OLD_S = 61.0
TYPED = (
    "",
    "o",
    "or",
    "orders",
    "orders 12",
    "team 7",
    "part 1234",
    "ordres of taem",
    "team17@",
    "nothing at all",
    "ünïcode 🎉",
)


async def measure(options: Options) -> list[Row]:
    """Measure both."""
    keys = QUICK_KEYS if options.quick else KEYS
    async with worlds() as around:
        schedules = options.size(SCHEDULES, QUICK_SCHEDULES)
        say(f"typeahead: {schedules} schedules")
        await _fill(around.bolt, schedules)
        async with bot(around.environment):
            view = await _open(around.slack)
            near = await _type(around.slack, view, keys)
            slow: Json = {"kind": "slow", "latency_s": SLOW_S, "count": None}
            await around.bolt.post("bolt/faults", slow)
            say("typeahead: until the list is old")
            # With --quick, the list is still fresh, so the figure is meaningless.
            await asyncio.sleep(0 if options.quick else OLD_S)
            old = await _type(around.slack, view, min(keys, 20))
    p99, worst = percentile(near, 99), max(old)
    return [
        Row(f"type-ahead over {schedules} schedules, {len(near)} keys: p99", _ms(p99), "", _goal(), p99 <= GOAL_MS),
        Row("  median", _ms(percentile(near, 50))),
        Row(
            f"  worst with an old list and a Bolt that takes {SLOW_S:g} s to answer",
            _ms(worst),
            "",
            _goal(),
            worst <= GOAL_MS,
        ),
    ]


def _goal() -> str:
    return f"≤ {GOAL_MS:.0f} ms"


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.1f} ms"


async def _fill(bolt: Control, schedules: int) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def add(number: int) -> None:
        name = f"Orders of team {number % 40}, part {number}"
        made: Json = {"name": name, "slug": f"team-{number % 40}-orders-{number}", "commands": ["dbt run", "dbt test"]}
        async with gate:
            await bolt.post("bolt/schedules", made)

    await asyncio.gather(*map(add, range(schedules)))


async def _open(slack: Control) -> str:
    """Open the form. Returns its id."""
    await slack.post("slash", {"user": "ada", "channel": "data-eng", "text": ""})
    async with asyncio.timeout(10):
        while True:
            views = (await slack.get("users/ada"))["views"]
            if views:
                return str(views[-1]["id"])
            await asyncio.sleep(0.05)


async def _type(slack: Control, view: str, keys: int) -> list[float]:
    """Press keys one after the other. Returns how long each answer took, in milliseconds."""
    times = []
    for at in range(keys):
        body: Json = {"view_id": view, "do": "suggest", "action_id": "form.schedule", "value": TYPED[at % len(TYPED)]}
        began = time.perf_counter()
        told = await slack.post("view", body)
        times.append((time.perf_counter() - began) * 1000)
        if not told["acknowledged"]:
            raise RuntimeError(f"a key was not answered: {told['problem']}")
    return times
