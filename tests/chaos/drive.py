"""One seed from start to end: the plan is carried out, all faults end, and the observations are checked."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from redis.exceptions import RedisError

from tests.chaos.checks import accepted, check, is_unheard
from tests.chaos.observe import left_over, look, waits_for
from tests.chaos.plan import Plan, Shock
from tests.chaos.seen import Exit, Seen
from tests.chaos.stage import Stage
from tests.chaos.violation import Violation
from tests.chaos.watching import begin, create_newcomer, furnish, handle, start_run, watch
from tests.chaos.withholding import go_blind, leave, make_quiet, unwatch, want_digest

CALM_WITHIN_S = 150.0
# A bot that missed its invitation notices at its next check of the channel, within a minute.
MENDED_WITHIN_S = 75.0
LOOK_EVERY_S = 0.3
STILL_LOOKS = 3
AFTER_S = 2.0

Happening = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a seed."""

    plan: Plan
    seen: Seen
    violations: tuple[Violation, ...]
    seconds: float
    calm_after_s: float
    # The last thing that was waited for.
    waited_for: str

    def line(self) -> str:
        """One line: what happened, and whether it held."""
        seen = self.seen
        kills = sum(upset.what == "kill" for upset in seen.upsets)
        faults = len(self.plan.shocks) + len(seen.struck)
        kinds = ", ".join(sorted({one.kind for one in self.violations}))
        return (
            f"seed {self.plan.seed:>5}  {len(seen.commands):>3} commands ({sum(map(accepted, seen.commands))} taken in)  "
            f"{len(seen.runs):>3} runs  {len(seen.unclear):>2} unclear  {kills:>2} kills  {faults:>3} faults  "
            f"{sum(map(is_unheard, seen.wishes))} wishes lost  {len(seen.watched.incidents):>2} incidents  "
            f"calm after {self.calm_after_s:5.1f} s ({self.waited_for})  {self.seconds:5.1f} s  {'VIOLATION ' + kinds if kinds else 'ok'}"
        )


async def drive(plan: Plan, folder: Path, *, beside: Path | None = None, patient: bool = False) -> Outcome:
    """Carry out a plan and check the outcome. `patient` waits until every lost start is found or unclear."""
    began = time.monotonic()
    stage = Stage(plan, folder, beside)
    try:
        furnish(stage)
        await stage.start()
        await begin(stage)
        await _play(stage)
        await _mend(stage)
        seen, calm_after_s, waited_for = await _calm(stage, patient=patient)
        await _end(stage)
        seen = dataclasses.replace(seen, exits=_exits(stage), logs=_logs(stage))
    finally:
        await stage.close()
    return Outcome(plan, seen, tuple(check(seen)), time.monotonic() - began, calm_after_s, waited_for)


async def _end(stage: Stage) -> None:
    for replica in stage.replicas:
        with contextlib.suppress(TimeoutError):
            await replica.until_ready()
    await asyncio.gather(*(replica.stop() for replica in stage.replicas))


def _exits(stage: Stage) -> tuple[Exit, ...]:
    return tuple(one for replica in stage.replicas for one in replica.exits)


def _logs(stage: Stage) -> tuple[tuple[str, str], ...]:
    return tuple((replica.log.name, replica.log.read_text(errors="replace")) for replica in stage.replicas)


# --- the plan ---


async def _play(stage: Stage) -> None:
    plan = stage.plan
    happenings: list[tuple[float, Happening]] = []
    happenings += [(one.at, partial(stage.type, one)) for one in plan.typed]
    happenings += [(one.at, partial(stage.click, one)) for one in plan.clicks]
    happenings += [(one.at, partial(stage.press, one)) for one in plan.presses]
    happenings += [(one.at, partial(_shock, stage, one)) for one in plan.shocks]
    watched = plan.watched
    happenings += [(one.at, partial(watch, stage, one)) for one in watched.watches if one.at is not None]
    if watched.newcomer:
        happenings.append((watched.arrives, partial(create_newcomer, stage)))
    happenings += [(one.at, partial(start_run, stage, one)) for one in watched.runs]
    happenings += [(one.at, partial(handle, stage, one)) for one in watched.handlings]
    withheld = plan.withheld
    happenings += [(one.at, partial(make_quiet, stage, one)) for one in withheld.quiet]
    happenings += [(one.at, partial(want_digest, stage, one)) for one in withheld.digests]
    happenings += [(one.at, partial(unwatch, stage, one)) for one in withheld.stops]
    happenings += [(one.at, partial(leave, stage, one)) for one in withheld.absences]
    happenings += [(one.at, partial(go_blind, stage, one)) for one in withheld.gaps]
    for strike in plan.strikes:
        happenings.append((strike.at, partial(_now, partial(stage.striker.arm, strike))))
    await asyncio.gather(*(_at(at, what) for at, what in happenings))
    await asyncio.sleep(AFTER_S)


async def _at(at: float, what: Happening) -> None:
    await asyncio.sleep(at)
    await what()


async def _now(what: Callable[[], None]) -> None:
    what()


async def _shock(stage: Stage, shock: Shock) -> None:
    replica = stage.replicas[shock.replica]
    match shock.what:
        case "kill":
            replica.kill(shock.lasts)
        case "kill_at_ack":
            stage.kill_at_ack.setdefault("slash_commands", []).append(shock.lasts)
        case "kill_at_click":
            stage.kill_at_ack.setdefault("interactive", []).append(shock.lasts)
        case "drain":
            replica.drain(shock.lasts)
        case "drain_and_kill":
            # The drain's length is derived from the restart's: 0 to 1 s.
            replica.drain(shock.lasts, kill_after_s=shock.lasts % 1)
        case "pause":
            replica.pause(shock.lasts)
        case "redis_kill":
            await stage.store.restart(signal.SIGKILL, shock.lasts)
        case "redis_term":
            await stage.store.restart(signal.SIGTERM, shock.lasts)
        case "cut":
            _cut(stage, shock.replica)
        case _:
            await _deafen(stage, shock)


def _cut(stage: Stage, replica: int) -> None:
    for connection in stage.sockets_of(replica):
        if connection.request.transport is not None:
            connection.request.transport.abort()


async def _deafen(stage: Stage, shock: Shock) -> None:
    """Let nothing come back from these sockets, and cut them after a while, as if the peer had died."""
    deaf = stage.sockets_of(shock.replica)
    for connection in deaf:
        connection.deaf = True
    await asyncio.sleep(shock.lasts)
    for connection in deaf:
        if connection.request.transport is not None:
            connection.request.transport.abort()


# --- all is well again ---


async def _mend(stage: Stage) -> None:
    stage.striker.disarm()
    stage.kill_at_ack.clear()
    for replica in stage.replicas:
        replica.mend()


async def _calm(stage: Stage, *, patient: bool) -> tuple[Seen, float, str]:
    """Wait until several looks in a row find nothing left to do.

    Returns the observations, the time taken, and the last thing that was waited for. If a promise doesn't hold by then,
    it gets some more time. The checks report promises that are still broken at the end.
    """
    began, still, first_still, waited_for = time.monotonic(), 0, None, ""
    while time.monotonic() - began < CALM_WITHIN_S:
        await asyncio.sleep(LOOK_EVERY_S)
        waits = await _waits_for(stage, patient=patient)
        waited_for, still = waits or waited_for, 0 if waits else still + 1
        if still >= STILL_LOOKS:
            first_still = first_still or time.monotonic()
            seen = await look(stage, patient=patient)
            if not check(seen) or time.monotonic() - first_still > MENDED_WITHIN_S:
                return seen, time.monotonic() - began, waited_for
            waited_for = "checks"
    return await look(stage, patient=patient), time.monotonic() - began, waited_for


async def _waits_for(stage: Stage, *, patient: bool) -> str:
    try:
        left = await left_over(stage)
    except (RedisError, OSError):
        return "redis"
    return waits_for(stage, left, patient=patient)
