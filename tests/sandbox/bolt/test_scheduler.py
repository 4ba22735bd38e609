"""Events in Bolt that nobody triggers: the scheduler's starts, lateness, outages of the warehouse, and the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any

import pytest

from bolt_sandbox.bolt.lively import lively_schedules
from tests.sandbox.bolt.conftest import Served
from tests.sandbox.bolt.test_control import control

RUNS = (
    "query ($slug: String!) { listBoltRuns(slug: $slug, offset: 0, limit: 50) { runs"
    " { id state actor actorEmail startDttm endDttm gitInfo { branch commitHash pullRequestId } } } }"
)
SCHEDULES = (
    "query ($inactive: Boolean!) { listBoltSchedules(offset: 0, limit: 10000, showInactive: $inactive) { totalCount"
    " schedules { slug uuid name suspended lastRunAt lastRunState nextRunAt } } }"
)
LOGS = "query ($id: Int!) { boltCommand(commandId: $id) { command returnCode stdout stderr } }"


async def runs(served: Served, slug: str) -> list[dict[str, Any]]:
    """A schedule's runs as listed, newest first."""
    found: list[dict[str, Any]] = (await served.ask(RUNS, {"slug": slug}))["listBoltRuns"]["runs"]
    return found


async def schedule(served: Served, slug: str, *, inactive: bool = False) -> dict[str, Any]:
    """One schedule as listed."""
    listed = (await served.ask(SCHEDULES, {"inactive": inactive}))["listBoltSchedules"]["schedules"]
    found: dict[str, Any] = next(each for each in listed if each["slug"] == slug)
    return found


def moment(written: str) -> datetime:
    """A time as the API writes it, without an offset or in UTC."""
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


async def output(served: Served, run_id: int) -> tuple[str, str]:
    """Stdout and stderr of a run's last command."""
    last = (await served.status(run_id))["commands"][-1]
    said = (await served.ask(LOGS, {"id": last["id"]}))["boltCommand"]
    return said["stdout"], said["stderr"]


async def delete(served: Served, path: str) -> int:
    """Delete something through the control API, and return the status."""
    return (await served.client.delete(f"/control/bolt/{path}")).status_code


async def test_nothing_starts_by_itself_unless_asked(served: Served) -> None:
    """By default, nothing starts by itself; the next run is still announced from the cron expression."""
    before = len(await runs(served, "hourly"))
    await control(served, "clock", {"advance_s": 86_400})
    assert len(await runs(served, "hourly")) == before
    assert moment((await schedule(served, "hourly"))["nextRunAt"]) == datetime(2026, 11, 24, 22, 0, tzinfo=UTC)


async def test_the_demo_shows_an_incident_soon(served: Served) -> None:
    """The demo's schedule soon fails twice for one reason and once for another, recovers, and fails again."""
    await control(served, "scheduler", {"mode": "lively"})
    states, said = [], []
    for _turn in range(5):
        served.clock.pass_s(20)
        newest = (await runs(served, "orders-sync"))[0]
        states.append(newest["state"])
        said.append((await output(served, newest["id"]))[0])
        served.clock.pass_s(5)
    assert states == ["ERROR", "ERROR", "ERROR", "SUCCESS", "ERROR"]
    assert "net_amnt" in said[0]
    assert "net_amnt" in said[1]
    assert "unique_stg_orders_order_id" in said[2]
    newest = (await runs(served, "orders-sync"))[0]
    assert (newest["actor"], newest["actorEmail"]) == ("Bolt scheduler", None)


async def test_the_demo_has_pull_requests_and_late_and_slow_runs(served: Served) -> None:
    """The demo has runs of branches and pull requests, late runs and slow runs."""
    await control(served, "scheduler", {"mode": "lively"})
    served.clock.pass_s(400)
    priced = await runs(served, "pricing-models")
    assert {each["gitInfo"]["branch"] for each in priced} == {"main", "feature/price-tiers", "experiment"}
    assert {each["gitInfo"]["pullRequestId"] for each in priced} == {None, "128"}
    loaded = (await runs(served, "events-load"))[-5::-1]
    begun = [moment(each["startDttm"]) for each in loaded]
    gaps = {round((after - before).total_seconds()) for before, after in pairwise(begun)}
    assert gaps == {40, 65, 15}
    took = [moment(each["endDttm"]) - moment(each["startDttm"]) for each in loaded if each["endDttm"]]
    assert max(took) > 2 * min(took)
    assert len(lively_schedules()) == 3


async def test_the_listing_follows_the_scheduler(served: Served) -> None:
    """A schedule's listing shows when its last run began, that run's state, and when the next one begins."""
    await control(served, "scheduler/nightly", {"every_s": 60, "next_in_s": 10, "script": ["success", "model_error"]})
    now = served.clock.now
    assert moment((await schedule(served, "nightly"))["nextRunAt"]) == now + timedelta(seconds=10)
    served.clock.pass_s(11)
    listed = await schedule(served, "nightly")
    assert listed["lastRunState"] == "RUNNING"
    assert moment(listed["lastRunAt"]) == now + timedelta(seconds=10)
    assert moment(listed["nextRunAt"]) == now + timedelta(seconds=70)
    served.clock.pass_s(80)
    assert (await schedule(served, "nightly"))["lastRunState"] == "ERROR"


async def test_a_slot_is_skipped_or_late(served: Served) -> None:
    """A skipped slot has no run, a late one begins late, and a schedule turned off has no more runs."""
    script = [{"ends": "success", "late_s": 30}]
    await control(served, "scheduler/nightly", {"every_s": 100, "next_in_s": 10, "script": script, "skip": 1})
    before = len(await runs(served, "nightly"))
    await control(served, "clock", {"advance_s": 60})
    assert len(await runs(served, "nightly")) == before
    await control(served, "clock", {"advance_s": 60})
    assert len(await runs(served, "nightly")) == before
    state = (await served.client.get("/control/bolt/state")).json()["scheduler"]["timetables"]["nightly"]
    assert (state["late"], state["skip"]) == (1, 0)
    await control(served, "clock", {"advance_s": 20})
    assert len(await runs(served, "nightly")) == before + 1
    await control(served, "scheduler/nightly", {"skip": 5})
    await control(served, "scheduler/nightly", {"off": True})
    await control(served, "clock", {"advance_s": 86_400})
    assert len(await runs(served, "nightly")) == before + 1


async def test_all_schedules_run(served: Served) -> None:
    """In mode `all`, active schedules run at an interval or by their cron expressions, unless busy or suspended."""
    before = {each.slug: len(served.world.runs(each.slug)) for each in served.world.schedules()}
    await control(served, "scheduler", {"mode": "all", "every_s": 60})
    served.clock.pass_s(179)
    more = {slug: len(served.world.runs(slug)) - count for slug, count in before.items()}
    assert {more[slug] for slug in ("nightly", "hourly", "freshness", "skipper")} <= {2, 3}
    assert (more["finance-close"], more["backfill"]) == (0, 0)
    assert {run.actor.name for run in served.world.runs("hourly")[:2]} == {"Bolt scheduler"}
    await control(served, "scheduler", {"mode": "all"})
    begun = len(served.world.runs("hourly"))
    await control(served, "clock", {"advance_s": 3 * 3600})
    assert len(served.world.runs("hourly")) == begun + 3
    assert served.world.newest_run("hourly").created_at.minute == 0  # type: ignore[union-attr]  # it has runs
    await control(served, "scheduler", {"mode": "off"})
    await control(served, "clock", {"advance_s": 3 * 3600})
    assert len(served.world.runs("hourly")) == begun + 3


@pytest.mark.parametrize(
    ("ends", "state", "says"),
    [
        ("success", "SUCCESS", ""),
        ("model_error", "ERROR", "net_amnt"),
        ("other_error", "ERROR", "Could not convert string 'n/a'"),
        ("test_failure", "ERROR", "unique_stg_orders_order_id"),
        ("compile_error", "ERROR", "no_such_model"),
        ("warehouse", "ERROR", "Connection refused"),
        ("canceled", "CANCELED", ""),
        ("skipped", "SKIPPED", ""),
    ],
)
async def test_a_run_that_is_over_already(served: Served, ends: str, state: str, says: str) -> None:
    """A run can be added as if it had begun a while ago and already ended in one of the known ways."""
    body = {"slug": "nightly", "scheduled": True, "ends": ends, "takes_s": 20, "ago_s": 30}
    run = await control(served, "runs", body)
    assert (run["state"], run["actor"]) == (state, "Bolt scheduler")
    ended = moment(run["endDttm"]) - moment(run["startDttm"])
    assert ended <= timedelta(seconds=20.001)
    if says:
        assert says in (await output(served, run["id"]))[0]


async def test_a_runs_own_course(served: Served) -> None:
    """A run can be given its state, branch, commit, pull request, parent, and who started it."""
    first = await control(served, "runs", {"slug": "hourly", "takes_s": 1, "ago_s": 5, "state": "FAILED"})
    assert first["state"] == "FAILED"
    body = {
        "slug": "hourly",
        "branch": "dev",
        "commit": "3f2c1ab" + "0" * 33,
        "pull_request": 7,
        "parent_id": first["id"],
        "actor": "Mary",
        "actor_email": "mary@example.com",
        "slow": 3,
    }
    run = await control(served, "runs", body)
    assert run["gitInfo"] | {"commitHash": None} == {"branch": "dev", "commitHash": None, "pullRequestId": "7"}
    served.clock.pass_s(19)
    listed = (await runs(served, "hourly"))[0]
    assert (listed["state"], listed["actorEmail"]) == ("RUNNING", "mary@example.com")
    assert listed["gitInfo"]["commitHash"].startswith("3f2c1ab")


async def test_runs_are_listed_by_when_they_began(served: Served) -> None:
    """Runs are listed in the order in which they began, even if their ids suggest another."""
    later = await control(served, "runs", {"slug": "nightly", "takes_s": 1, "ago_s": 10})
    earlier = await control(served, "runs", {"slug": "nightly", "takes_s": 1, "ago_s": 20})
    assert [each["id"] for each in await runs(served, "nightly")][:2] == [later["id"], earlier["id"]]


async def test_retries_fail_or_not(served: Served) -> None:
    """Retries succeed unless a setting has them fail."""
    run = await control(served, "runs", {"slug": "nightly", "ends": "model_error", "takes_s": 1, "ago_s": 2})
    retry = "mutation ($id: Int!) { retryBoltRun(scheduleRunId: $id) { runId } }"
    states = []
    for ends in ("own", "model_error", "test_failure"):
        await control(served, "settings", {"retries_end": ends})
        retried = (await served.ask(retry, {"id": run["id"]}))["retryBoltRun"]["runId"]
        served.clock.pass_s(60)
        states.append((await served.status(retried))["state"])
    assert states == ["SUCCESS", "ERROR", "ERROR"]


async def test_the_warehouse_goes_away_for_all(served: Served) -> None:
    """With the warehouse away, active runs fail at once, and new ones when they connect. Later runs succeed again."""
    active = await control(served, "runs", {"slug": "nightly", "ends": "success", "slow": 10})
    waiting = await control(served, "runs", {"slug": "partner-export", "ends": "success", "slow": 100})
    served.clock.pass_s(40)
    assert (await control(served, "warehouse", {"away": True}))["cause"] == "refused"
    before = (await served.status(active["id"]))["commands"]
    served.clock.pass_s(10)
    later = await control(served, "runs", {"slug": "warehouse-load", "takes_s": 1, "ago_s": 2})
    for run_id in (active["id"], later["id"]):
        assert (await served.status(run_id))["state"] == "ERROR"
        assert "failed: Connection refused\n  \tIs the server running" in (await output(served, run_id))[0]
    assert len((await served.status(active["id"]))["commands"]) == len(before)
    assert (await output(served, active["id"]))[0].startswith("\x1b[0m21:05:")
    served.clock.pass_s(600)
    assert (await served.status(waiting["id"]))["state"] == "FAILED"
    await control(served, "warehouse", {"away": True, "cause": "timeout"})
    other = await control(served, "runs", {"slug": "nightly", "takes_s": 1, "ago_s": 2})
    assert "timeout expired" in (await output(served, other["id"]))[0]
    scripted = await control(served, "runs", {"slug": "noisy", "commands": ["python x.py"], "takes_s": 1, "ago_s": 2})
    assert "psycopg2.OperationalError" in (await output(served, scripted["id"]))[1]
    await control(served, "warehouse", {"away": False})
    healthy = await control(served, "runs", {"slug": "nightly", "takes_s": 1, "ago_s": 2})
    assert healthy["state"] == "SUCCESS"


async def test_a_branch_moves_on(served: Served) -> None:
    """After a branch moves on, new runs have its new commit."""
    old = await control(served, "runs", {"slug": "nightly", "takes_s": 1, "ago_s": 2})
    moved = await control(served, "commits", {})
    new = await control(served, "runs", {"slug": "nightly", "takes_s": 1, "ago_s": 1})
    assert new["gitInfo"]["commitHash"] == moved["commit"] != old["gitInfo"]["commitHash"]
    assert (await control(served, "commits", {"branch": "dev", "commit": "abc"}))["commit"] == "abc"


async def test_the_clock_is_shifted(served: Served) -> None:
    """Shifting the clock moves all times and the Date header and nothing else; advancing it lets time pass."""
    run = await control(served, "runs", {"slug": "nightly"})
    await control(served, "scheduler/hourly", {"every_s": 60, "next_in_s": 30})
    await control(served, "clock", {"shift_s": -600})
    listed = (await runs(served, "nightly"))[0]
    assert listed["state"] == run["state"]
    assert moment(listed["startDttm"]) == moment(run["startDttm"]) - timedelta(minutes=10)
    response = await served.post("{ listBoltSchedules(offset: 0, limit: 1, showInactive: false) { totalCount } }")
    told = parsedate_to_datetime(response.headers["Date"])
    assert abs(told - (served.clock.now - timedelta(minutes=10))) < timedelta(seconds=1)
    expected = served.clock.now - timedelta(minutes=10) + timedelta(seconds=30)
    assert moment((await schedule(served, "hourly"))["nextRunAt"]) == expected
    moved = await control(served, "clock", {"shift_s": 600, "advance_s": 60})
    assert moved["now"] == (served.clock.now + timedelta(minutes=11)).isoformat()
    assert (await runs(served, "nightly"))[0]["state"] == "SUCCESS"


async def test_a_backend_without_dates(served: Served) -> None:
    """The Date header can be left out of all answers."""
    await control(served, "settings", {"tells_date": False})
    assert "Date" not in (await served.post("{ nonsense }")).headers
    assert "Date" in (await served.client.get("/control/bolt/state")).headers
    await control(served, "settings", {"tells_date": True})
    assert "Date" in (await served.post("{ nonsense }")).headers


async def test_the_last_run_is_one_of_two_or_none(served: Served) -> None:
    """A setting chooses what a schedule's last run is: the newest, the newest finished one, or empty."""
    await control(served, "runs", {"slug": "nightly", "ends": "model_error", "takes_s": 1, "ago_s": 30})
    await control(served, "runs", {"slug": "nightly"})
    assert (await schedule(served, "nightly"))["lastRunState"] == "STARTING"
    await control(served, "settings", {"last_run": "finished"})
    assert (await schedule(served, "nightly"))["lastRunState"] == "ERROR"
    await control(served, "settings", {"last_run": "none"})
    listed = await schedule(served, "nightly")
    assert (listed["lastRunAt"], listed["lastRunState"]) == (None, None)


async def test_listings_lag(served: Served) -> None:
    """Each listing can lag by its own delay, while the run itself is up to date."""
    await control(served, "settings", {"runs_late_s": 5, "schedules_late_s": 8})
    before = await runs(served, "nightly")
    was = await schedule(served, "nightly")
    run = await control(served, "runs", {"slug": "nightly", "takes_s": 2})
    served.clock.pass_s(4)
    assert (await served.status(run["id"]))["state"] == "SUCCESS"
    assert await runs(served, "nightly") == before
    served.clock.pass_s(2)
    assert (await runs(served, "nightly"))[0]["state"] == "RUNNING"
    assert await schedule(served, "nightly") == was
    served.clock.pass_s(5)
    assert (await schedule(served, "nightly"))["lastRunState"] == "SUCCESS"


async def test_a_single_run_is_listed_late(served: Served) -> None:
    """A single run can be made to appear in lists only after it has finished."""
    run = await control(served, "runs", {"slug": "nightly", "takes_s": 2, "listed_after_s": 30})
    served.clock.pass_s(29)
    assert run["id"] not in {each["id"] for each in await runs(served, "nightly")}
    served.clock.pass_s(2)
    listed = (await runs(served, "nightly"))[0]
    assert (listed["id"], listed["state"]) == (run["id"], "SUCCESS")


async def test_listings_out_of_order(served: Served) -> None:
    """Out of order, neighboring runs are swapped and schedules are reversed."""
    straight = [each["id"] for each in await runs(served, "nightly")]
    listed = (await served.ask(SCHEDULES, {"inactive": False}))["listBoltSchedules"]["schedules"]
    await control(served, "settings", {"out_of_order": True})
    swapped = [each["id"] for each in await runs(served, "nightly")]
    assert swapped[:4] == [straight[1], straight[0], straight[3], straight[2]]
    assert sorted(swapped) == sorted(straight)
    again = (await served.ask(SCHEDULES, {"inactive": False}))["listBoltSchedules"]["schedules"]
    assert [each["slug"] for each in again] == [each["slug"] for each in reversed(listed)]


async def test_a_schedule_gets_another_slug(served: Served) -> None:
    """A renamed schedule keeps its UUID, its runs and its timetable."""
    await control(served, "scheduler/nightly", {"every_s": 60, "next_in_s": 5, "script": ["success"]})
    before = await schedule(served, "nightly")
    renamed = await control(served, "schedules/nightly", {"slug": "every-night", "name": "Every night"})
    assert (renamed["uuid"], renamed["name"]) == (before["uuid"], "Every night")
    assert len(await runs(served, "every-night")) == 6
    assert "was not found" in (await served.refused(RUNS, {"slug": "nightly"}))["message"]
    served.clock.pass_s(5.5)
    assert (await runs(served, "every-night"))[0]["state"] == "STARTING"
    response = await served.client.post("/control/bolt/schedules/hourly", json={"slug": "every-night"})
    assert response.status_code == 409


async def test_a_schedule_is_suspended_deactivated_and_removed(served: Served) -> None:
    """A suspended, inactive or removed schedule isn't started; a removed one's runs are still found by id."""
    await control(served, "scheduler/nightly", {"every_s": 60, "next_in_s": 5})
    await control(served, "schedules/nightly", {"suspended": True, "owner": None})
    served.clock.pass_s(70)
    assert len(await runs(served, "nightly")) == 6
    assert (await schedule(served, "nightly"))["nextRunAt"] is None
    await control(served, "schedules/nightly", {"suspended": False, "active": False})
    assert (await schedule(served, "nightly", inactive=True))["nextRunAt"] is None
    run_id = (await runs(served, "nightly"))[0]["id"]
    assert await delete(served, "schedules/nightly") == 200
    assert await delete(served, "schedules/nightly") == 409
    assert "was not found" in (await served.refused(RUNS, {"slug": "nightly"}))["message"]
    assert (await served.status(run_id))["state"] == "SUCCESS"
    assert (await served.client.get(f"/bolt/run_id/{run_id}")).status_code == 200
    served.clock.pass_s(600)
    assert (await served.client.get("/control/bolt/state")).status_code == 200


async def test_the_state_can_leave_out_old_runs(served: Served) -> None:
    """The state can be limited to the newest runs and those that are still active."""
    run = await control(served, "runs", {"slug": "nightly", "takes_s": 1, "ago_s": 2})
    state = (await served.client.get("/control/bolt/state?runs=1")).json()
    assert [each["slug"] for each in state["runs"]] == ["nightly", "already-running"]
    assert state["runs"][0]["id"] == run["id"]
    assert (await served.client.get("/control/bolt/state?runs=x")).status_code == 400


async def test_a_crowd_of_schedules(served: Served) -> None:
    """A crowd of schedules, each with past runs, is added only once."""
    assert (await control(served, "crowd", {"schedules": 30, "runs": 3}))["schedules"] == 46
    assert (await control(served, "crowd", {"schedules": 30}))["schedules"] == 46
    assert len(await runs(served, "crowd-30")) == 3
    assert (await served.client.post("/control/bolt/crowd", json={"schedules": 10_001})).status_code == 400


async def test_runs_of_a_hundred_schedules_in_one_request(served: Served) -> None:
    """One request reads the runs of 100 schedules; an unknown one makes the data null, and the error has its path."""
    await control(served, "crowd", {"schedules": 100, "runs": 20})

    def query(slugs: list[str]) -> str:
        each = (
            f's{at}: listBoltRuns(slug: "{slug}", offset: 0, limit: 20) {{ ...P }}' for at, slug in enumerate(slugs)
        )
        return f"{{ {' '.join(each)} }} fragment P on BoltRunPage {{ ok runs {{ id state startDttm endDttm }} }}"

    slugs = [f"crowd-{number}" for number in range(1, 101)]
    data = await served.ask(query(slugs))
    assert list(data) == [f"s{at}" for at in range(100)]
    assert {len(page["runs"]) for page in data.values()} == {20}
    counted = (await served.client.get("/control/bolt/requests")).json()
    assert (counted["by_operation"], counted["fields_by_operation"]) == ({"listBoltRuns": 1}, {"listBoltRuns": 100})
    answer = await served.answer(query([*slugs[:3], "nobody"]))
    assert answer["data"] is None
    assert answer["errors"][0]["path"] == ["s3"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("scheduler", {"mode": "sometimes"}),
        ("scheduler", {"mode": "all", "every_s": 0}),
        ("scheduler/nightly", {"every_s": 5, "next_in_s": -1}),
        ("scheduler/nightly", {"script": [3]}),
        ("scheduler/nightly", {"script": ["unknown"]}),
        ("clock", {"advance_s": -1}),
        ("clock", {"shift_s": "x"}),
        ("warehouse", {}),
        ("warehouse", {"away": True, "cause": "gone"}),
        ("runs", {"slug": "nightly", "ends": "badly"}),
        ("runs", {"slug": "nightly", "takes_s": 0}),
        ("runs", {"slug": "nightly", "pull_request": True}),
        ("settings", {"last_run": "oldest"}),
    ],
)
async def test_what_is_not_understood(served: Served, path: str, body: dict[str, object]) -> None:
    """An invalid control call is refused with its reason."""
    response = await served.client.post(f"/control/bolt/{path}", json=body)
    assert response.status_code == 400
    assert response.json()["error"]


async def test_a_timetable_needs_times(served: Served) -> None:
    """A timetable needs both times if the schedule has no cron expression, and none otherwise."""
    response = await served.client.post("/control/bolt/scheduler/backfill", json={"every_s": 5})
    assert response.status_code == 409
    assert (await control(served, "scheduler/backfill", {"every_s": 5, "next_in_s": 0}))["every_s"] == 5
    hourly = await control(served, "scheduler/hourly", {})
    assert hourly["next_at"] == datetime(2026, 11, 23, 22, 0, tzinfo=UTC).isoformat()
