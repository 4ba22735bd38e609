"""Planning a start: what it would run, or why there's nothing to start."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.model.bolt import BoltCommand, RunStatus
from bot.core.model.command import RetryCommand, RunCommand, StartCommand
from bot.core.model.errors import BoltNotSent
from bot.core.model.request import Origin, Request, StartPlan
from bot.core.model.run import CardRef, RunFacts, RunKey
from bot.flows.plan_start import NotStartable
from tests.flows.fakes import NIGHTLY, OUR_ACTOR
from tests.flows.stage import ADA, CHANNEL, WANTED, Stage
from tests.store.record import NOW


def asking(wanted: StartCommand = WANTED, origin: Origin | None = None) -> Request:
    """Somebody's request for the start."""
    return Request("r1", "T", CHANNEL, ADA, "ada", wanted, NOW, origin=origin)


async def plan(stage: Stage, wanted: StartCommand = WANTED, **more: Origin) -> StartPlan:
    """The plan of the start."""
    return await stage.planner.plan_start(asking(wanted, **more))


async def why(stage: Stage, wanted: StartCommand) -> NotStartable:
    """Return the error that says why there's nothing to start."""
    with pytest.raises(NotStartable) as caught:
        await plan(stage, wanted)
    assert "othing" in caught.value.why or "no schedule" in caught.value.why
    return caught.value


async def test_a_start_remembers_the_newest_run_before_it(start_stage: Stage) -> None:
    """If the reply to the start is lost, its run is searched for among the runs after that one."""
    start_stage.bolt.add_run("nightly", "SUCCESS")
    newest = start_stage.bolt.add_run("nightly", "FAILED")
    found = await plan(start_stage)
    assert (found.slug, found.name, found.mark, found.branch) == ("nightly", NIGHTLY.name, newest, "main")
    assert found.commands == ("dbt build",)
    assert (await plan(start_stage, RunCommand("hourly"))).mark == 0


async def test_a_name_that_is_none_suggests_others(start_stage: Stage) -> None:
    """The slugs of similar names are kept for the buttons."""
    assert (await why(start_stage, RunCommand("nigtly"))).near == ("nightly",)


async def test_commands_that_a_list_lacks_are_asked_for(start_stage: Stage) -> None:
    """Some backends leave commands out of the list."""
    start_stage.bolt.active = [replace(NIGHTLY, commands=())]
    await plan(start_stage)
    assert ("schedule", "nightly") in start_stage.bolt.reads


async def test_what_is_approved_is_looked_up_anew(start_stage: Stage) -> None:
    """For an approved start, a list that may be a minute old isn't good enough."""
    await plan(start_stage)
    start_stage.bolt.active = [replace(NIGHTLY, commands=("dbt run",))]
    assert (await plan(start_stage)).commands == ("dbt build",)
    assert (await start_stage.planner.plan_start(asking(), fresh=True)).commands == ("dbt run",)


async def test_our_own_name_is_learned_from_our_own_runs(start_stage: Stage) -> None:
    """Our own name is learned from a run whose id Bolt gave us: another run could teach the wrong name."""
    start_stage.bolt.add_run("nightly", "SUCCESS", actor="somebody")
    await plan(start_stage)
    assert await start_stage.runs.actor("w") is None
    await start_stage.start()
    start_stage.planner._listings._listings.clear()
    await plan(start_stage)
    assert await start_stage.runs.actor("w") == OUR_ACTOR


async def test_a_retry_has_what_its_run_had(start_stage: Stage) -> None:
    """A retry has its run's branch, and the commands that the run was given."""
    first = await start_stage.start(start_command=RunCommand("nightly", "dev", commands=("dbt test",)))
    assert first.run_id is not None
    start_stage.bolt.end_run(first.run_id, "FAILED")
    found = await plan(start_stage, RetryCommand(every=False, run_id=first.run_id))
    assert (found.parent_run, found.slug, found.branch) == (first.run_id, "nightly", "dev")
    assert found.commands == ("dbt test",)
    assert found.overridden
    assert found.mark >= first.run_id


async def test_the_latest_failure_of_a_schedule_is_retried(start_stage: Stage) -> None:
    """Successes after that failure don't matter."""
    start_stage.bolt.add_run("nightly", "FAILED")
    failed = start_stage.bolt.add_run("nightly", "ERROR")
    start_stage.bolt.add_run("nightly", "SUCCESS")
    assert (await plan(start_stage, RetryCommand(every=False, schedule_text="nightly"))).parent_run == failed


async def test_there_may_be_nothing_to_retry(start_stage: Stage) -> None:
    """The run is unknown, still running or succeeded, or the schedule has no failure; the reason says which."""
    running = start_stage.bolt.add_run("nightly", "RUNNING")
    succeeded = start_stage.bolt.add_run("nightly", "SUCCESS")
    for wanted, words in (
        (RetryCommand(every=False, run_id=9), "no run 9"),
        (RetryCommand(every=True, run_id=running), "still running"),
        (RetryCommand(every=False, run_id=succeeded), "--all"),
        (RetryCommand(every=False, schedule_text="nightly"), "no failed runs among its newest 2"),
        (RetryCommand(every=False, schedule_text="hourly"), "hasn't run yet"),
    ):
        assert words in (await why(start_stage, wanted)).why
    assert (await plan(start_stage, RetryCommand(every=True, run_id=succeeded))).parent_run == succeeded


async def test_a_button_is_not_believed(start_stage: Stage) -> None:
    """If only a card's button names the schedule, the name counts only if that schedule's listing has the run."""
    failed = start_stage.bolt.add_run("nightly", "FAILED")
    wanted = RetryCommand(every=False, run_id=failed)
    forged = await plan(start_stage, wanted, origin=Origin(RunFacts("hourly", "Hourly")))
    assert (forged.slug, forged.name) == ("", "")
    honest = await plan(start_stage, wanted, origin=Origin(RunFacts("nightly", "Nightly")))
    assert (honest.slug, honest.name) == ("nightly", "Nightly")


async def test_a_card_whose_record_is_lost_gets_it_back(start_stage: Stage) -> None:
    """The record is restored so that the card can say that its run was retried."""
    failed = start_stage.bolt.add_run("nightly", "FAILED")
    start_stage.bolt.statuses[failed] = RunStatus("FAILED", (BoltCommand(1, "dbt run --vars hunter2", NOW, NOW, 1),))
    card = CardRef(CHANNEL, "1.5")
    await plan(
        start_stage, RetryCommand(every=False, run_id=failed), origin=Origin(RunFacts("nightly", "Nightly"), card)
    )
    restored = await start_stage.run(failed)
    assert await start_stage.runs.card_in(RunKey("w", failed), CHANNEL) == card
    assert "hunter2" not in restored.seen.commands[0].text


async def test_bolt_being_away_is_no_answer(start_stage: Stage) -> None:
    """The error is raised, so that the caller tries again."""
    start_stage.bolt.faults.always["schedules"] = BoltNotSent()
    with pytest.raises(BoltNotSent):
        await plan(start_stage)
