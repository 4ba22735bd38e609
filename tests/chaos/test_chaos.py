"""A short form of the chaos driver, and whether each check can fail."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos import checks
from tests.chaos.checks import check
from tests.chaos.plan import make_plan
from tests.chaos.seen import Card, Command, Exit, Left, Pressed, Reply, RunSeen, Seen, Struck, Told, Upset, Wish

AT = 1_790_000_000.0
COMMAND = Command(1, "abc", "U1", "C1", "chaos-1", AT)
RUN = RunSeen(7, "chaos-1 - ada from Slack (request abc)", AT + 1, "SUCCESS", AT + 4)
END = Reply("end:7", "*Job* succeeded in 3 s.", AT + 5)
CARD = Card("C1", "1.1", "start:abc", "*Job* succeeded in 3 s", (7,), (END,))
WISH = Wish(run=7, user="U1", at=AT + 2, acknowledged=True, asked=True)
REFUSED = "*Job* is already running as run 6. Nothing was started."
QUEUED = Pressed(
    "Run when it ends",
    "U1",
    "C1",
    AT + 1,
    acknowledged=True,
    request="queued",
    reason="chaos-1",
    answers=("It will start when run 6 ends.",),
)
FOLLOWED = Pressed("Follow this run", "U2", "C1", AT + 1, acknowledged=True, run=7)
WELL = Seen(
    commands=(COMMAND,),
    runs=(RUN,),
    cards=(CARD,),
    exits=(Exit(0, 0, 1.0), Exit(1, -9, 0.0, "killed")),
    wishes=(WISH,),
    texts=(("message", "*Job* succeeded"),),
    logs=(("replica-0.log", "started"),),
    secrets=("hunter2",),
)
LOOKING = dataclasses.replace(CARD, text="*Job* may have started: I'm looking for the run", runs=(), replies=())
LOST = Struck(AT + 1, 0, "trigger", "lost_before", executed=False, about="chaos-1")
TOLD = Struck(AT, 0, "post:end", "late", executed=True, about="end:7")
STALLED = Upset("stall", -1, AT + 1.5, AT + 2)
KILLED = Upset("kill", 0, AT + 1, AT + 2)
STOPPED = Upset("pause", 0, AT + 1, AT + 2)


def but(**changes: object) -> Seen:
    """What is well, but for this."""
    return dataclasses.replace(WELL, **changes)  # type: ignore[arg-type]


def card(**changes: object) -> tuple[Card, ...]:
    """The card, but for this."""
    return (dataclasses.replace(CARD, **changes),)  # type: ignore[arg-type]


def command(**changes: object) -> tuple[Command, ...]:
    """The command, but for this."""
    return (dataclasses.replace(COMMAND, **changes),)  # type: ignore[arg-type]


def run(**changes: object) -> tuple[RunSeen, ...]:
    """The run, but for this."""
    return (dataclasses.replace(RUN, **changes),)  # type: ignore[arg-type]


def wish(**changes: object) -> tuple[Wish, ...]:
    """The wish, but for this."""
    return (dataclasses.replace(WISH, **changes),)  # type: ignore[arg-type]


def kinds(seen: Seen) -> set[str]:
    """Which violations are found."""
    return {violation.kind for violation in check(seen)}


def broken() -> Iterator[tuple[str, Seen]]:
    """Every violation there is, and what shows it."""
    yield "started twice", but(runs=(RUN, *run(id=8)), cards=(CARD, *card(ts="1.2", key="", runs=(8,))))
    yield "started by nobody", but(runs=(RUN, *run(id=8, reason="somebody")))
    yield "started late", but(runs=run(at=AT + 70))
    yield "lost", but(runs=(), cards=(), wishes=())
    yield "unclear without a cause", but(runs=(), cards=(LOOKING,))
    late = dataclasses.replace(STALLED, since=AT + 2.5, until=AT + 3)
    yield "unclear without a cause", but(runs=(), cards=(LOOKING,), upsets=(late,), unclear={"abc": AT + 1})
    yield "false refusal", but(commands=command(told=("It failed. Nothing was started.",)))
    yield "false refusal", but(commands=command(answers=("That was too much. Nothing was started.",)))
    yield "two cards", but(cards=(CARD, *card(ts="1.2", key="")))
    yield "two cards", but(cards=(CARD, *card(ts="1.2", text="*Job* is starting", runs=())))
    yield "no card", but(cards=())
    yield "no card", but(cards=(LOOKING,))
    yield "no card", but(cards=(LOOKING,), unclear={"abc": AT + 0.5})
    yield "card elsewhere", but(cards=card(channel="C2"))
    yield "card of nothing", but(runs=(), cards=card(text="*Job* is starting", runs=()))
    yield "another's run", but(cards=card(key="start:xyz"))
    yield "endless", but(runs=run(state="RUNNING", ended_at=None))
    yield "stale card", but(cards=card(text="*Job* is running"))
    yield "stale card", but(cards=card(text="*Job* is being cancelled"))
    yield "stale card", but(cards=card(text="*Job* failed after 3 s"))
    yield "end not told", but(cards=card(replies=()))
    yield "end told twice", but(cards=card(replies=(END, dataclasses.replace(END, at=AT + 20))))
    yield "wrong end", but(cards=card(replies=(dataclasses.replace(END, text="*Job* failed."),)))
    yield "wish lost", but(wishes=wish(asked=False))
    yield "queue lost", but(runs=(), cards=(), wishes=(), presses=(QUEUED,))
    yield "follower lost", but(presses=(dataclasses.replace(FOLLOWED, channel="C2"),))
    yield "another's run", but(cards=card(key="start:queued"))
    yield "left over", but(left=(Left("due:queue", "queued"),))
    yield "left over", but(left=(Left("due:polls", "w:7"),))
    yield "left over", but(left=(Left("posts:log:C1", "file/1", 20.0),))
    yield "left over", but(left=(Left("due:requests", "abc", 1.0, "looking"),))
    yield "secret shown", but(texts=(("message", "git clone https://x:hunter2@host"),))
    yield "secret shown", but(logs=(("replica-0.log", "hunter2"),))
    yield "unexpected fault", but(logs=(("replica-0.log", "error unexpected fault reference=1"),))
    yield "exit", but(exits=(Exit(0, 1),))
    yield "exit", but(exits=(Exit(0, 0, 21.0),))


def excused() -> Iterator[tuple[str, Seen]]:
    """What looks alike and is no violation."""
    yield "refused", but(runs=(), cards=(), commands=command(told=("Nothing was started.",)))
    yield "refused directly", but(runs=(), cards=(), told=(Told("U1", "Nothing was started."),))
    yield "not taken in", but(runs=(), cards=(), commands=command(problems=("operation_timeout",)))
    yield "not taken in, and started", but(commands=command(problems=("operation_timeout",)))
    yield "looked for", but(runs=(), cards=(LOOKING,), struck=(LOST,), unclear={"abc": AT + 1})
    yield "looked for, never sent", but(runs=(), cards=(LOOKING,), upsets=(KILLED,), unclear={"abc": AT + 1})
    yield (
        "looked for, while Bolt stood still",
        but(runs=(), cards=(LOOKING,), upsets=(STALLED,), unclear={"abc": AT + 1}),
    )
    yield (
        "unclear, with a run that Bolt began late",
        but(cards=(LOOKING,), runs=run(at=AT + 2.5), unclear={"abc": AT + 1}),
    )
    yield "unclear, with a run", but(cards=(LOOKING,), struck=(LOST,), unclear={"abc": AT + 1})
    twice = card(replies=(END, dataclasses.replace(END, at=AT + 6)))
    yield "told twice, once late", but(cards=twice, struck=(TOLD,))
    yield "told twice, by one that was stopped", but(cards=twice, upsets=(STOPPED,))
    yield "a wish that was answered", but(wishes=wish(asked=False, answers=("It has ended already.",)))
    yield "queued, and started late", but(runs=run(at=AT + 70), cards=card(key="start:queued"), presses=(QUEUED,))
    dropped = card(key="start:queued", text="*Job* wasn't started: @U2 removed it from the queue.", runs=(), replies=())
    yield "queued, and taken out", but(runs=(), cards=dropped, presses=(QUEUED,), commands=command(told=(REFUSED,)))
    there = dataclasses.replace(CARD, channel="C2", key="watch:w:7")
    yield "followed elsewhere", but(cards=(CARD, there), presses=(dataclasses.replace(FOLLOWED, channel="C2"),))
    yield "followed in vain", but(presses=(dataclasses.replace(FOLLOWED, channel="C2", answers=("It has ended.",)),))
    yield "a wish nobody acknowledged", but(wishes=wish(asked=False, acknowledged=False))


@pytest.mark.parametrize(("kind", "seen"), list(broken()))
def test_each_violation_is_found(kind: str, seen: Seen) -> None:
    """A check that cannot fail is worth nothing."""
    assert kind in kinds(seen)


def test_every_kind_of_violation_has_an_example() -> None:
    """A new check comes with what makes it fail."""
    named = set(re.findall(r'Violation\(\s*"([^"]+)"', Path(checks.__file__).read_text()))
    assert {kind for kind, _ in broken()} == named


@pytest.mark.parametrize(("why", "seen"), [("all is well", WELL), *excused()])
def test_what_is_allowed_is_no_violation(why: str, seen: Seen) -> None:
    """Each exception that is promised, and no more."""
    assert kinds(seen) == set(), why


def test_the_same_seed_gives_the_same_plan() -> None:
    """A failing seed can be run again."""
    assert make_plan(5) == make_plan(5)
    assert make_plan(5) != make_plan(6)
    assert make_plan(5, commands=30).lines()[0] != make_plan(5, commands=31).lines()[0]
