"""Every operation against the contract, which the sandbox serves both as today's backend and as an older one."""

from __future__ import annotations

import pytest

from bolt_sandbox.bolt import Fault
from bot.core.model.bolt import Trigger
from bot.core.model.errors import (
    AlreadyRunning,
    BoltDenied,
    BoltNotSent,
    BoltOutcomeUnknown,
    BoltRejected,
    BoltThrottled,
)
from bot.paradime.credentials import Credentials
from tests.paradime.api import client_of
from tests.paradime.conftest import Backend


def an_idle_schedule(backend: Backend) -> str:
    """The slug of a schedule that can be started."""
    return backend.world.schedules()[0].slug


async def test_schedules_of_every_kind(backend: Backend) -> None:
    """Inactive and suspended schedules are each listed separately, and suspended ones are marked."""
    inactive = [one.slug for one in await backend.client.schedules(inactive=True)]
    assert inactive == [one.slug for one in backend.world.schedules(active=False)]
    known = {one.slug: one.suspended for one in backend.world.schedules()}
    assert set(known.values()) == {True, False}
    for wanted in (True, False):
        listed = await backend.client.schedules(suspended=wanted)
        assert [(one.slug, one.suspended) for one in listed] == [one for one in known.items() if one[1] is wanted]


async def test_schedules_and_their_runs(backend: Backend) -> None:
    """Every listed schedule can be requested by its slug, and its runs come newest first."""
    await backend.client.check()
    schedules = await backend.client.schedules()
    assert [one.slug for one in schedules] == [one.slug for one in backend.world.schedules()]
    assert [one.slack_on for one in schedules if "" in one.slack_on] == []
    for schedule in schedules:
        details = await backend.client.schedule(schedule.slug)
        runs = await backend.client.runs(schedule.slug, 3)
        assert details.uuid == schedule.uuid
        assert [run.id for run in runs] == sorted((run.id for run in runs), reverse=True)
        assert all(run.started_at is None or run.started_at.tzinfo for run in runs)


async def test_a_start_to_its_end(backend: Backend) -> None:
    """A run is started, followed, cancelled and retried."""
    client, slug = backend.client, an_idle_schedule(backend)
    run_id = await client.trigger(Trigger(slug, "main", 7, ("dbt run",), "because", continue_on_error=True))
    polled = await client.poll([run_id])
    assert polled.found[run_id] == await client.status(run_id)
    assert (await client.runs(slug, 1))[0].id == run_id
    await client.cancel(run_id)
    backend.world.end(run_id, "CANCELED")
    assert (await client.status(run_id)).state == "CANCELED"
    assert await client.retry_all(run_id) > run_id
    assert backend.asked("triggerBoltRun") == 1


async def test_a_failure_is_read_and_retried(backend: Backend) -> None:
    """A failed run's commands come in order, with their output, log and artifacts, and it can be retried."""
    client = backend.client
    listed = [await client.runs(schedule.slug, 50) for schedule in backend.world.schedules()]
    failed = next(run for runs in listed for run in runs if run.state == "FAILED")
    status = await client.status(failed.id)
    assert [command.id for command in status.commands] == sorted(command.id for command in status.commands)
    command = next(one for one in status.commands if one.return_code)
    output = await client.command_output(command.id)
    assert output.run_id == failed.id
    assert output.command == command
    page = await client.command_log(command.id)
    assert page.finished
    assert {stream for stream, _text in page.lines} <= {"STDOUT", "STDERR"}
    outputs = [await client.command_output(one.id) for one in status.commands]
    artifacts = [resource for one in outputs for resource in one.resources]
    assert {one.path for one in artifacts} >= {"target/run_results.json"}
    address = await client.resource_url(artifacts[0].id)
    assert address
    assert address.startswith("http")
    assert await client.retry(failed.id) > failed.id


async def test_what_bolt_refuses(backend: Backend) -> None:
    """Unknown schedules and runs are refused, and a schedule that is already running has an error of its own."""
    client = backend.client
    slug = an_idle_schedule(backend)
    for refused in (
        client.schedule("no-such"),
        client.trigger(Trigger("no-such")),
        client.status(1),
        client.cancel(1),
        client.retry(1),
        client.command_output(1),
    ):
        with pytest.raises(BoltRejected):
            await refused
    running = [one.slug for one in backend.world.schedules() if "running" in one.slug]
    for one in running:
        with pytest.raises(AlreadyRunning) as caught:
            await client.trigger(Trigger(one))
        assert "Exception" not in caught.value.sentence
    assert running
    assert slug not in running


async def test_suspending(backend: Backend) -> None:
    """A schedule made in the UI can be paused and resumed; one from a file is refused."""
    outcomes = set[str]()
    for schedule in await backend.client.schedules():
        try:
            await backend.client.suspend(schedule.slug, suspend=True)
            await backend.client.suspend(schedule.slug, suspend=False)
            outcomes.add("taken")
        except BoltRejected:
            outcomes.add("refused")
    assert outcomes == {"taken", "refused"}


@pytest.mark.parametrize("status", [200, 400])
async def test_an_older_backend(backend: Backend, status: int) -> None:
    """With an older backend, everything works with the older names, and nothing is started twice."""
    backend.world.invalid_status = status
    backend.world.add_fault(Fault("old_backend", count=None))
    client = backend.client
    slug = an_idle_schedule(backend)
    run_id = await client.trigger(Trigger(slug))
    assert [run.slug for run in backend.world.runs(slug) if run.id == run_id] == [slug]
    assert backend.world.newest_run(slug) == backend.world.run(run_id)
    assert backend.asked("triggerBoltRun") == 2
    backend.world.end(run_id, "SUCCESS")
    await client.trigger(Trigger(slug))
    assert backend.asked("triggerBoltRun") == 3
    assert (await client.runs(slug, 1))[0].id > run_id
    assert (await client.schedule(slug)).suspended is None
    assert backend.asked("listBoltRuns") == backend.asked("boltScheduleName") == 1
    for _ in range(2):
        schedules = await client.schedules()
        assert all(one.slug == one.name and one.suspended is None for one in schedules)
    assert backend.asked("listBoltSchedules") == 3


async def test_a_lost_run_and_a_refused_batch(backend: Backend) -> None:
    """A bad run fails alone, and a batch that is too large is requested in parts."""
    runs = sorted(run.id for run in backend.world.runs())[-30:]
    bad = runs[7]
    backend.world.add_fault(Fault("lost_run", count=None, run_id=bad))
    polled = await backend.client.poll(runs)
    assert sorted([*polled.found, bad]) == runs
    assert list(polled.failed) == [bad]
    backend.world.faults.clear()
    backend.world.add_fault(Fault("too_large", count=None, most=10))
    polled = await backend.client.poll(runs)
    assert sorted(polled.found) == runs
    assert backend.client.batch_limit == 7


@pytest.mark.parametrize(
    ("fault", "error", "starts"),
    [
        (Fault("drop_after"), BoltOutcomeUnknown, 1),
        (Fault("status", status=502, executes=True), BoltOutcomeUnknown, 1),
        (Fault("status", status=429, retry_after_s=3), BoltThrottled, 0),
        (Fault("not_json", executes=True), BoltOutcomeUnknown, 1),
        (Fault("no_data", executes=True), BoltOutcomeUnknown, 1),
        (Fault("graphql_error"), BoltRejected, 0),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
async def test_a_start_whose_reply_is_lost(backend: Backend, fault: Fault, error: type[Exception], starts: int) -> None:
    """A start is sent once, however its reply is lost."""
    slug = an_idle_schedule(backend)
    before = len(backend.world.runs(slug))
    backend.world.add_fault(fault)
    with pytest.raises(error):
        await backend.client.trigger(Trigger(slug))
    assert len(backend.world.runs(slug)) == before + starts
    assert backend.asked("triggerBoltRun") == 1


async def test_a_key_that_is_refused(backend: Backend) -> None:
    """A refused key is told apart from a Bolt that can't be reached."""
    client = client_of(backend.url, credentials=Credentials("wrong", "wrong"))
    with pytest.raises(BoltDenied):
        await client.check()
    await client.aclose()
    client = client_of("http://127.0.0.1:1/graphql")
    with pytest.raises(BoltNotSent):
        await client.check()
    await client.aclose()
