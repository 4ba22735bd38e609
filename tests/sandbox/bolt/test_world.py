"""Schedules of each character, within the process."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bolt_sandbox.bolt import BoltWorld, Refused, Schedule, Start
from bolt_sandbox.bolt.catalog import own_character
from bolt_sandbox.bolt.output import as_text, printed
from bolt_sandbox.bolt.plan import plausible
from tests.sandbox.bolt.conftest import Clock


@pytest.fixture
def clock() -> Clock:
    """A time that moves only when told to."""
    return Clock()


@pytest.fixture
def world(clock: Clock) -> BoltWorld:
    """A new world on that clock."""
    return BoltWorld(clock)


@pytest.mark.parametrize(
    ("slug", "within_s", "state"),
    [
        ("nightly", 12, "SUCCESS"),
        ("hourly", 12, "ERROR"),
        ("data-quality-tests", 15, "ERROR"),
        ("freshness", 15, "ERROR"),
        ("compile", 15, "ERROR"),
        ("seed-then-compile", 15, "ERROR"),
        ("finance-close", 15, "SUCCESS"),
        ("slow-start", 30, "SUCCESS"),
        ("skipper", 15, "SKIPPED"),
        ("cancelled-elsewhere", 15, "CANCELED"),
        ("noisy", 15, "ERROR"),
        ("partner-export", 15, "FAILED"),
        ("backfill", 1000, "SUCCESS"),
    ],
)
def test_how_runs_end(world: BoltWorld, clock: Clock, slug: str, within_s: float, state: str) -> None:
    """The runs of each schedule end in the expected time and state, and don't change after that."""
    run = world.start(slug)
    assert world.view(run.id).ended_at is None
    clock.pass_s(within_s)
    ended = world.view(run.id)
    assert ended.state == state
    clock.pass_s(86_400)
    assert world.view(run.id) == ended


def test_speed(clock: Clock) -> None:
    """At speed 10, runs and cancellations take a tenth of their usual time."""
    world = BoltWorld(clock, speed=10)
    run, other = world.start("nightly"), world.start("backfill")
    world.cancel(other.id)
    clock.pass_s(0.3)
    assert world.view(other.id).state == "CANCELED"
    clock.pass_s(0.8)
    assert world.view(run.id).state == "SUCCESS"


def test_a_retry_at_another_speed(clock: Clock) -> None:
    """A retry runs at the current speed, not at the first run's."""
    world = BoltWorld(clock, speed=10)
    old = world.start("nightly")
    clock.pass_s(2)
    world.speed = 1
    run = world.retry_all(old.id)
    clock.pass_s(9)
    assert world.view(run.id).state == "RUNNING"
    clock.pass_s(2)
    assert world.view(run.id).state == "SUCCESS"


def test_the_same_seed_is_the_same_world(clock: Clock) -> None:
    """Two worlds with the same seed are alike, including their made-up credentials."""
    assert BoltWorld(clock, seed=3).runs() == BoltWorld(clock, seed=3).runs()
    assert BoltWorld(clock, seed=3).runs() != BoltWorld(clock, seed=4).runs()


def test_unknown_states_are_passed_through(world: BoltWorld, clock: Clock) -> None:
    """A slow start goes through a state that no client knows."""
    run = world.start("slow-start")
    states = []
    for _ in range(25):
        states.append(world.view(run.id).state)
        clock.pass_s(1)
    assert list(dict.fromkeys(states)) == ["STARTING", "DEPLOYING", "RUNNING", "SUCCESS"]


def test_flaky_runs(world: BoltWorld, clock: Clock) -> None:
    """The flaky schedule fails twice and then succeeds, retries included."""
    states = []
    run = world.start("flaky")
    for _ in range(3):
        clock.pass_s(20)
        states.append(world.view(run.id).state)
        run = world.retry(run.id) if states[-1] == "ERROR" else world.start("flaky")
    assert states == ["ERROR", "ERROR", "SUCCESS"]


def test_always_on(world: BoltWorld, clock: Clock) -> None:
    """The schedule that's always running has an active run even after a run was cancelled or has ended."""
    (first,) = world.runs("already-running")
    assert world.view(first.id).state == "RUNNING"
    world.cancel(first.id)
    clock.pass_s(5)
    newest = world.runs("already-running")[0]
    assert newest.id != first.id
    assert world.view(first.id).state == "CANCELED"
    clock.pass_s(3 * 3600)
    assert world.view(world.runs("already-running")[0].id).ended_at is None


def test_one_run_at_a_time(world: BoltWorld, clock: Clock) -> None:
    """An exclusive schedule refuses a second run while one is active, and accepts one afterward."""
    first = world.start("warehouse-load")
    with pytest.raises(Refused, match="AlreadyRunningException"):
        world.start("warehouse-load")
    world.end(first.id, "ERROR")
    second = world.start("warehouse-load")
    with pytest.raises(Refused, match="AlreadyRunningException"):
        world.retry_all(first.id)
    clock.pass_s(60)
    assert world.view(second.id).state == "SUCCESS"
    assert world.retry_all(first.id).parent_id == first.id


def test_history(world: BoltWorld) -> None:
    """Past runs began in the order of their ids and have ended, and retries name their parent."""
    past = [run for run in reversed(world.runs()) if run.slug != "already-running"]
    assert [run.created_at for run in past] == sorted(run.created_at for run in past)
    assert all(world.view(run.id).ended_at for run in past)
    assert {world.view(run.id).state for run in past} >= {"SUCCESS", "ERROR", "CANCELED"}
    assert any(run.parent_id for run in past)
    assert {run.actor.email is None for run in past} == {True, False}


def test_ending_a_run(world: BoltWorld, clock: Clock) -> None:
    """A run can be ended at once in any state, but only once."""
    run = world.start("backfill")
    clock.pass_s(10)
    world.end(run.id, "FAILED")
    view = world.view(run.id)
    assert (view.state, view.ended_at) == ("FAILED", clock())
    assert view.commands[-1].return_code == 1
    with pytest.raises(Refused):
        world.end(run.id, "SUCCESS")


def test_a_cancel_that_comes_too_late(world: BoltWorld, clock: Clock) -> None:
    """A run that ends by itself before the cancel takes effect ends as it would have."""
    run = world.start("nightly")
    clock.pass_s(9)
    world.cancel(run.id)
    clock.pass_s(5)
    assert world.view(run.id).state == "SUCCESS"


def test_a_new_schedule(world: BoltWorld, clock: Clock) -> None:
    """A new schedule may not be triggerable yet."""
    world.add_schedule(Schedule(0, "New one", "new-one", own_character(["dbt run"])), triggerable_after_s=10)
    with pytest.raises(Refused, match="not ready"):
        world.start("new-one")
    clock.pass_s(10)
    run = world.start("new-one")
    clock.pass_s(20)
    assert world.view(run.id).state == "SUCCESS"


def test_inactive_schedules_do_not_start(world: BoltWorld) -> None:
    """An inactive schedule is refused."""
    with pytest.raises(Refused, match="not active"):
        world.start("legacy-export")


def test_retry_of_a_cancelled_run(world: BoltWorld, clock: Clock) -> None:
    """A cancelled command counts as failed; a run without a failed command can't be retried."""
    run = world.start("backfill")
    clock.pass_s(20)
    world.cancel(run.id)
    clock.pass_s(5)
    again = world.retry(run.id)
    assert [step.command for step in again.steps][2:] == ["dbt retry"]
    skipped = world.start("skipper")
    clock.pass_s(20)
    with pytest.raises(Refused, match="no failed commands"):
        world.retry(skipped.id)


def test_files_of_an_earlier_command(world: BoltWorld, clock: Clock) -> None:
    """A compilation error leaves no run_results.json, but an earlier command's may still be there."""
    bare, after_seed = world.start("compile"), world.start("seed-then-compile")
    clock.pass_s(30)
    assert world_resources(world, bare.id) == []
    (_manifest, results) = world_resources(world, after_seed.id)
    assert results == ("target/run_results.json", "dbt seed")


def world_resources(world: BoltWorld, run_id: int) -> list[tuple[str, str]]:
    """The files of a run's last command: path, and the command that wrote it."""
    command_id = world.view(run_id).commands[-1].id
    found = []
    for number in range(10):
        try:
            each = world.resource(command_id * 10 + number)
        except Refused:
            break
        found.append((each.path, each.content_of.step.command))
    return found


def test_output_grows(world: BoltWorld, clock: Clock) -> None:
    """A command's output only ever grows."""
    run = world.start("nightly", Start(commands=(("dbt build", None),)))
    clock.pass_s(3)
    texts = []
    for _ in range(5):
        command = world.view(run.id).commands[-1]
        texts.append(as_text(printed(world.log_source(run, command), command.elapsed_s), "STDOUT"))
        clock.pass_s(0.7)
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))
    assert len(set(texts)) == 5


@pytest.mark.parametrize(
    ("command", "code", "log"),
    [
        ("dbt run", 0, "run-success"),
        ("dbt --debug build", 0, "build-success"),
        ("dbt test --select fail", 1, "test-failure"),
        ("dbt source freshness", 0, "freshness-success"),
        ("dbt compile", 0, "compile"),
        ("dbt run --select does_not_exist", 0, "no-nodes"),
        ("python x.py --fail", 1, "python-error"),
        ("echo failing", 0, "shell"),
        ("", 0, "shell"),
    ],
)
def test_commands_that_somebody_made_up(command: str, code: int, log: str) -> None:
    """A made-up command gets a plausible log, and only the word `fail` makes it fail."""
    step = plausible(command)
    assert (step.return_code, step.log) == (code, log)


def test_a_command_that_sleeps() -> None:
    """`sleep 30` lasts 30 s."""
    assert plausible("sleep 30").duration_s == 30
