"""A short run of the chaos driver, and proof that each check can fail."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos import checks, watch_checks, withheld_checks
from tests.chaos.checks import check
from tests.chaos.plan import make_plan
from tests.chaos.processes import Store
from tests.chaos.seen import (
    Card,
    Command,
    DigestSeen,
    EndSeen,
    Exit,
    IncidentSeen,
    Left,
    Notice,
    PostSeen,
    Pressed,
    Reply,
    RunSeen,
    Seen,
    Spell,
    StopSeen,
    Struck,
    TallySeen,
    Told,
    Upset,
    WatchesSeen,
    WatchSeen,
    Wish,
)

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
# A watched schedule failed twice with different errors, and recovered.
FAILED = EndSeen(20, "nightly", AT + 1, AT, failed=True, counted=True, over_at=AT + 1)
AGAIN = EndSeen(21, "nightly", AT + 2, AT + 1, failed=True, counted=True, over_at=AT + 2)
MENDED = EndSeen(22, "nightly", AT + 3, AT + 2, succeeded=True)
INCIDENT = IncidentSeen(
    "C1",
    "nightly",
    state="recovered",
    failures=2,
    runs=3,
    recent=(20, 21, 22),
    errors=("a", "b"),
    posts=(PostSeen(1, "opening", 20, ("a",)), PostSeen(2, "new_error", 21, ("b",)), PostSeen(3, "recovered", 22)),
    ts="5.1",
    listed=False,
)
SHOWN = Notice("C1", "5.1", "", INCIDENT.key, ":white_check_mark: *Nightly* recovered after 2 failures")
POSTS = tuple(Notice("C1", f"5.{number + 1}", "5.1", f"{INCIDENT.key}:{number}", "") for number in (1, 2, 3))
# The opening was posted before its log could be read.
UNREAD = dataclasses.replace(POSTS[0], text="Its log isn't available yet. I'll post it here once it is.")
LATE_LOG = Notice("C1", "5.9", "5.1", f"{INCIDENT.key}:late-1", "The log of `dbt build`:")
COUNTED = (TallySeen("nightly", 2, 2),)
WATCHED = WatchesSeen(
    (WatchSeen("C1", "nightly", AT),), (FAILED, AGAIN, MENDED), (INCIDENT,), (SHOWN, *POSTS), tallies=COUNTED
)
# The same incident, still failing.
OPEN = dataclasses.replace(INCIDENT, state="failing", runs=2, recent=(20, 21), posts=INCIDENT.posts[:2], listed=True)
RED = dataclasses.replace(SHOWN, text=":red_circle: *Nightly* is failing: 2 runs since 1:00")
FAILING = WatchesSeen(WATCHED.watches, (FAILED, AGAIN), (OPEN,), (RED, *POSTS[:2]), tallies=COUNTED)
# Or it's part of an outage's message.
GROUPED = dataclasses.replace(OPEN, ts="", outage=1)
SHARED = Notice("C1", "5.1", "", "outage:C1:1", ":red_circle: *1 schedule* failing since 1:00")
OUTAGE = dataclasses.replace(FAILING, incidents=(GROUPED,), notices=(SHARED,))
# Or it's in the message at the end of quiet hours.
SILENT = dataclasses.replace(OPEN, ts="", posts=(), silent=True, name="Nightly")
LISTED = Notice(
    "C1", str(AT + 60), "", "quiet:C1:1", "Quiet hours are over: 1 schedule is failing. *Nightly* is failing"
)
QUIET = dataclasses.replace(FAILING, incidents=(SILENT,), notices=(LISTED,), quiet=(Spell("C1", AT, AT + 55),))
RETURN = dataclasses.replace(LISTED, key="back:C1:1", text="I can post here again. Nothing I watch here is failing")
DIGEST = Notice("C1", str(AT + 60), "", "report:C1:2026-09-21", "1 schedule watched here")
WELL = Seen(
    commands=(COMMAND,),
    runs=(RUN,),
    cards=(CARD,),
    exits=(Exit(0, 0, 1.0), Exit(1, -9, 0.0, "killed")),
    wishes=(WISH,),
    texts=(("message", "*Job* succeeded"),),
    logs=(("replica-0.log", "started"),),
    secrets=("hunter2",),
    watched=WATCHED,
)
LOOKING = dataclasses.replace(CARD, text="*Job* may have started: I'm looking for the run", runs=(), replies=())
LOST = Struck(AT + 1, 0, "trigger", "lost_before", executed=False, about="chaos-1")
TOLD = Struck(AT, 0, "post:end", "late", executed=True, about="end:7")
STALLED = Upset("stall", -1, AT + 1.5, AT + 2)
KILLED = Upset("kill", 0, AT + 1, AT + 2)
STOPPED = Upset("pause", 0, AT + 1, AT + 2)


def but(**changes: object) -> Seen:
    """A seed in which all is well, with these changes."""
    return dataclasses.replace(WELL, **changes)  # type: ignore[arg-type]


def card(**changes: object) -> tuple[Card, ...]:
    """The card, with these changes."""
    return (dataclasses.replace(CARD, **changes),)  # type: ignore[arg-type]


def command(**changes: object) -> tuple[Command, ...]:
    """The command, with these changes."""
    return (dataclasses.replace(COMMAND, **changes),)  # type: ignore[arg-type]


def run(**changes: object) -> tuple[RunSeen, ...]:
    """The run, with these changes."""
    return (dataclasses.replace(RUN, **changes),)  # type: ignore[arg-type]


def wish(**changes: object) -> tuple[Wish, ...]:
    """The click on *Cancel run*, with these changes."""
    return (dataclasses.replace(WISH, **changes),)  # type: ignore[arg-type]


def watches(base: WatchesSeen = WATCHED, **changes: object) -> Seen:
    """A seed in which all is well, with these changes to its watches."""
    return but(watched=dataclasses.replace(base, **changes))  # type: ignore[arg-type]


def incident(base: IncidentSeen = INCIDENT, **changes: object) -> tuple[IncidentSeen, ...]:
    """The incident, with these changes."""
    return (dataclasses.replace(base, **changes),)  # type: ignore[arg-type]


def says(text: str) -> tuple[Notice, ...]:
    """The messages of a failing schedule, with another text."""
    return (dataclasses.replace(RED, text=text), *POSTS[:2])


def kinds(seen: Seen) -> set[str]:
    """The kinds of violations that are found."""
    return {violation.kind for violation in check(seen)}


def broken() -> Iterator[tuple[str, Seen]]:
    """Every kind of violation, with an example."""
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


def broken_watches() -> Iterator[tuple[str, Seen]]:
    """Every way to break the rules about watches, with an example."""
    yield "no incident", watches(incidents=(), notices=())
    yield "counted twice", watches(incidents=incident(recent=(20, 21, 21, 22)))
    yield "wrong count", watches(incidents=incident(failures=3))
    yield "wrong count", watches(incidents=incident(failures=1))
    yield "wrong count", watches(incidents=incident(retries=1))
    yield "wrong count", watches(incidents=incident(recent=(20, 22), failures=1))
    yield "wrong count", watches(watches=(WatchSeen("C1", "nightly", AT + 1.5),))
    yield "wrong count", watches(ends=(FAILED, MENDED))
    yield "wrong state", watches(ends=(FAILED, dataclasses.replace(AGAIN, at=AT + 4), MENDED))
    yield "wrong state", watches(FAILING, ends=(FAILED, AGAIN, MENDED))
    yield "wrong state", watches(FAILING, incidents=incident(OPEN, state="flapping"), ends=_flapped())
    yield "wrongly listed", watches(incidents=incident(listed=True))
    yield "wrongly listed", watches(FAILING, incidents=incident(OPEN, listed=False))
    yield "no message", watches(notices=POSTS)
    yield "no message", watches(incidents=incident(ts=""))
    yield "two messages", watches(notices=(*WATCHED.notices, dataclasses.replace(SHOWN, ts="6.1")))
    yield "message of nothing", watches(incidents=(), ends=(), notices=(SHOWN,))
    yield "stale message", watches(FAILING, notices=says(SHOWN.text))
    yield "stale message", watches(notices=(RED, *POSTS))
    fewer = dataclasses.replace(SHOWN, text=SHOWN.text.replace("after 2 failures", "after at least 1 failure"))
    yield "stale message", watches(incidents=incident(seen_before=True), notices=(fewer, *POSTS))
    yield "stale message", watches(FAILING, notices=says(":red_circle: *Nightly* failed 1:00"))
    yield "stale message", watches(FAILING, notices=says(":red_circle: *Nightly* is failing: 3 runs since 1:00"))
    yield "stale message", watches(FAILING, notices=says(f"{RED.text}\nada is on it"))
    yield "stale message", watches(FAILING, incidents=incident(OPEN, on_it=True))
    yield "stale message", watches(FAILING, incidents=incident(OPEN, snoozed=True))
    yield (
        "endless retry",
        watches(FAILING, incidents=incident(OPEN, retry=21), notices=says(f"{RED.text} Being retried as")),
    )
    yield "post missing", watches(notices=(SHOWN, *POSTS[:2]))
    yield "post missing", watches(notices=(SHOWN, UNREAD, *POSTS[1:]))
    yield "posted twice", watches(notices=(*WATCHED.notices, POSTS[1]))
    yield "posted twice", watches(notices=(SHOWN, UNREAD, *POSTS[1:], LATE_LOG, LATE_LOG))
    yield "post of nothing", watches(incidents=incident(posts=INCIDENT.posts[:2]))
    yield "post of nothing", watches(notices=(*WATCHED.notices, LATE_LOG))
    yield (
        "wrong openings",
        watches(
            incidents=incident(posts=(dataclasses.replace(INCIDENT.posts[0], kind="new_error"), *INCIDENT.posts[1:]))
        ),
    )
    yield (
        "wrong openings",
        watches(
            incidents=incident(posts=(*INCIDENT.posts[:2], dataclasses.replace(INCIDENT.posts[2], kind="opening")))
        ),
    )
    yield (
        "error told twice",
        watches(
            incidents=incident(
                posts=(*INCIDENT.posts[:2], dataclasses.replace(INCIDENT.posts[2], kind="reopened", errors=("a",)))
            )
        ),
    )
    yield "error untold", watches(incidents=incident(errors=("a", "b", "c")))
    yield "no outage", watches(OUTAGE, notices=())
    yield "stale outage", watches(OUTAGE, notices=(dataclasses.replace(SHARED, text="*2 schedules* failing"),))
    yield "stale outage", watches(OUTAGE, notices=(dataclasses.replace(SHARED, text="All 1 schedule recovered"),))
    yield "left over", but(left=(Left("ended:nightly", "20"),))
    yield "left over", but(left=(Left("due:looks", "nightly", -1.0),))
    yield "left over", but(left=(Left("due:looks", "nightly", 1.0),), watched=WatchesSeen())


def broken_withholding() -> Iterator[tuple[str, Seen]]:
    """Every way to break the rules about withheld messages and digests, with an example."""
    yield "untold", watches(QUIET, notices=())
    yield "untold", watches(QUIET, notices=(dataclasses.replace(LISTED, ts=str(AT)),))
    yield "untold", watches(QUIET, notices=(dataclasses.replace(LISTED, text="*Hourly* is failing"),))
    yield "untold", watches(QUIET, notices=(RETURN,))
    yield "still withheld", watches(QUIET, incidents=incident(SILENT, withheld=True))
    yield "posted while quiet", watches(QUIET, notices=(LISTED, dataclasses.replace(RED, ts=str(AT + 30))))
    yield "listed twice", watches(QUIET, notices=(LISTED, dataclasses.replace(LISTED, ts=str(AT + 61))))
    yield "listed twice", watches(notices=(*WATCHED.notices, DIGEST, dataclasses.replace(DIGEST, ts=str(AT + 61))))
    yield "no digest", watches(digests=(DigestSeen("C1", DIGEST.key),))
    yield "wrong tally", watches(tallies=(TallySeen("nightly", 3, 2),))
    yield "wrong tally", watches(tallies=())
    yield "gap untold", watches(gaps=(Spell("C1", AT, AT + 5),))
    yield "not closed", watches(FAILING, watches=(), stops=(StopSeen("C1", AT + 5, AT + 5),))
    yield "told after unwatch", watches(watches=(), stops=(StopSeen("C1", AT + 0.5, AT + 0.5),))
    yield "retried twice", watches(ends=_retries(2.5))


def _retries(second_begins: float) -> tuple[EndSeen, ...]:
    """The run that failed first is retried twice; the first retry fails and ends after two seconds."""
    first = dataclasses.replace(AGAIN, started=AT + 1, at=AT + 3, retried=20)
    return (FAILED, first, dataclasses.replace(MENDED, started=AT + second_begins, at=AT + 5, retried=20))


def excused_withholding() -> Iterator[tuple[str, Seen]]:
    """Cases that are allowed because messages are withheld."""
    yield "told when the quiet hours are over", but(watched=QUIET)
    yield (
        "recovered while the bot was away",
        watches(
            incidents=incident(ts="", posts=(), silent=True, name="Nightly"),
            notices=(dataclasses.replace(RETURN, text="; 1 schedule has failed and recovered since"),),
        ),
    )
    yield "a digest", watches(notices=(*WATCHED.notices, DIGEST), digests=(DigestSeen("C1", DIGEST.key),))
    yield (
        "a gap and its account",
        watches(
            notices=(*WATCHED.notices, dataclasses.replace(LISTED, key="gap:C1:1")), gaps=(Spell("C1", AT, AT + 5),)
        ),
    )
    closed = incident(state="closed", listed=False)
    told = dataclasses.replace(SHOWN, text=":white_circle: *Nightly*: no longer watched here")
    stop = (StopSeen("C1", AT + 5, AT + 5),)
    yield "closed since nobody watches it", watches(watches=(), incidents=closed, notices=(told, *POSTS), stops=stop)
    yield "retried one after the other", watches(ends=_retries(3.5))
    yield (
        "refused, and tried again later",
        dataclasses.replace(
            watches(FAILING, incidents=incident(OPEN, ts=""), notices=(), absences=(Spell("C1", AT, AT + 2),)),
            left=(Left("posts:opening:C1", "incident/0/C1/nightly", 500.0),),
        ),
    )
    yield "a digest tomorrow", but(left=(Left("due:reports", "C1", 80_000.0),))


def _flapped() -> tuple[EndSeen, ...]:
    """Two failures, then three successes in a row."""
    more = (dataclasses.replace(MENDED, run=23 + later, at=AT + 4 + later) for later in range(2))
    return (FAILED, AGAIN, MENDED, *more)


def excused_watches() -> Iterator[tuple[str, Seen]]:
    """Histories of watches that aren't violations."""
    yield "nothing watched", but(watched=WatchesSeen())
    yield "still failing", but(watched=FAILING)
    overtaken = (PostSeen(0, "recovered", 19), *INCIDENT.posts)
    yield "a recovery before the first message, overtaken by a failure", watches(incidents=incident(posts=overtaken))
    yield "an outage", but(watched=OUTAGE)
    yield "a log that came too late for its opening", watches(notices=(SHOWN, UNREAD, *POSTS[1:], LATE_LOG))
    yield (
        "failed before it was watched",
        watches(
            WATCHED,
            watches=(WatchSeen("C1", "nightly", AT + 1.5),),
            incidents=incident(seen_before=True),
            tallies=(TallySeen("nightly", 1, 1),),
        ),
    )
    told = "recovered after at least 2 failures by run 22. It had been failing since before I started watching it"
    yield (
        "failed twice since it was watched, and before",
        watches(
            incidents=incident(seen_before=True),
            notices=(dataclasses.replace(SHOWN, text=f":white_check_mark: *Nightly* {told}"), *POSTS),
        ),
    )
    yield (
        "flapping still",
        watches(
            FAILING,
            incidents=incident(OPEN, state="flapping", runs=3, recent=(20, 21, 22)),
            ends=(FAILED, AGAIN, MENDED),
            notices=says(":large_orange_circle: *Nightly* is flapping: 2 of 3 runs failed since 1:00"),
        ),
    )
    waits = watches(FAILING, incidents=incident(OPEN, waits=True), notices=says(":red_circle: *Nightly* failed 1:00"))
    yield "a count that waits", waits
    third, fourth = (dataclasses.replace(AGAIN, run=22 + later, at=AT + 3 + later) for later in range(2))
    yield (
        "a count between two steps",
        watches(
            FAILING,
            ends=(FAILED, AGAIN, third, fourth),
            incidents=incident(OPEN, failures=4, runs=4, recent=(20, 21, 22, 23)),
            tallies=(TallySeen("nightly", 4, 4),),
            notices=says(":red_circle: *Nightly* is failing: 3 runs since 1:00"),
        ),
    )
    yield (
        "told by cards",
        watches(FAILING, incidents=incident(OPEN, silent=True, ts="", posts=(), carded=True), notices=()),
    )
    late = Struck(AT, 0, "post:incident", "late", executed=True, about=INCIDENT.key)
    twice = dataclasses.replace(WATCHED, notices=(*WATCHED.notices, dataclasses.replace(SHOWN, ts="6.1")))
    yield "two messages, one late", but(watched=twice, struck=(late,))
    yield "discovery goes on", but(left=(Left("due:discovery", "schedules", -0.1), Left("due:looks", "nightly", 1.0)))
    yield "a count that waits is left", but(left=(Left("edits:count:C1", "T:C1:5.1", 100.0),))


def excused() -> Iterator[tuple[str, Seen]]:
    """Situations that look like violations and aren't."""
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


@pytest.mark.parametrize(("kind", "seen"), [*broken(), *broken_watches(), *broken_withholding()])
def test_each_violation_is_found(kind: str, seen: Seen) -> None:
    """Each check finds its violation, because a check that can't fail would be worthless."""
    assert kind in kinds(seen)


def test_every_kind_of_violation_has_an_example() -> None:
    """Every kind of violation that a check can find has an example."""
    text = "".join(Path(str(one.__file__)).read_text() for one in (checks, watch_checks, withheld_checks))
    named = set(re.findall(r'Violation\(\s*"([^"]+)"', text))
    assert {kind for kind, _ in (*broken(), *broken_watches(), *broken_withholding())} == named


@pytest.mark.parametrize(
    ("why", "seen"), [("all is well", WELL), *excused(), *excused_watches(), *excused_withholding()]
)
def test_what_is_allowed_is_no_violation(why: str, seen: Seen) -> None:
    """Nothing that's allowed is reported as a violation."""
    assert kinds(seen) == set(), why


def test_the_same_seed_gives_the_same_plan() -> None:
    """The same seed gives the same plan, so a plan that failed can be run again."""
    assert make_plan(5) == make_plan(5)
    assert make_plan(5) != make_plan(6)
    assert make_plan(5, commands=30).lines()[0] != make_plan(5, commands=31).lines()[0]


async def test_redis_ended_again_while_it_is_away_is_one_server_in_the_end(tmp_path: Path) -> None:
    """Two restarts at once still leave one server: two on the same files would lose acknowledged data."""
    store = Store(tmp_path, "always")
    await store.start()
    try:
        await asyncio.gather(store.restart(signal.SIGTERM, 0.3), store.restart(signal.SIGKILL, 0.3))
        async with store.client() as redis:
            await redis.set("kept", "1")
        await store.end(signal.SIGTERM)
        started, ended = (tmp_path / "redis.log").read_text().count("Redis is starting"), len(store.away)
        await store.start()
        async with store.client() as redis:
            assert await redis.get("kept") is not None
    finally:
        await store.close()
    assert (started, ended) == (3, 2)
    assert (tmp_path / "redis.log").read_text().count("ready to exit") == 2
