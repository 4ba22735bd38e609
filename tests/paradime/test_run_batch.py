"""One request for the newest runs of many schedules; one bad schedule doesn't hide the others."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

import pytest

from bot.core.model.errors import BoltError, BoltRejected, BoltThrottled
from bot.paradime.client import BoltClient
from bot.paradime.run_batch import MOST
from tests.paradime.api import Answer, Api, Asked, Json

RUN: Json = {"id": 7, "state": "FAILED", "actor": "scheduler", "gitInfo": {"branch": "main"}}
PAGE: Json = {"__typename": "BoltRunPage", "ok": True, "runs": [RUN]}


def slugs(asked: Asked) -> dict[str, str]:
    """The requested slugs, by alias."""
    return {name: slug for name, slug in asked.variables.items() if name.startswith("s") and name[1:].isdigit()}


def pages(asked: Asked, bad: Collection[str] = ()) -> Json:
    """A page for each schedule, with null for the bad ones."""
    return {alias: None if slug in bad else PAGE for alias, slug in slugs(asked).items()}


async def test_a_hundred_schedules_are_one_request(api: Api, client: BoltClient) -> None:
    """One request reads a hundred schedules, and lists the fields only once if the type's name is known."""
    api.answer = lambda asked: Answer({"data": pages(asked)})
    found = await client.newest_runs([f"schedule-{number}" for number in range(MOST + 1)])
    assert len(found) == MOST + 1
    assert [len(slugs(asked)) for asked in api.asked] == [MOST, 1]
    assert "fragment Page on BoltRunPage" in api.asked[-1].query
    first = found["schedule-0"]
    assert not isinstance(first, BoltError)
    assert [run.id for run in first] == [7]


async def test_a_bad_schedule_has_its_own_error(api: Api, client: BoltClient) -> None:
    """A bad schedule is named by its error's path, and the others aren't requested again."""

    def answer(asked: Asked) -> Answer:
        data = pages(asked, ["gone"])
        alias = next(name for name, slug in slugs(asked).items() if slug == "gone")
        return Answer({"data": data, "errors": [{"message": "no such schedule", "path": [alias]}]})

    api.answer = answer
    found = await client.newest_runs(["nightly", "gone", "hourly"])
    assert isinstance(found["gone"], BoltRejected)
    assert not isinstance(found["nightly"], BoltError)
    assert len(api.asked) == 1


async def test_an_error_without_a_path_halves_the_request(api: Api, client: BoltClient) -> None:
    """A request whose error has no path is halved until it's about a single schedule."""

    def answer(asked: Asked) -> Answer:
        if "bad" in slugs(asked).values():
            return Answer({"data": None, "errors": [{"message": "something broke"}]})
        return Answer({"data": pages(asked)})

    api.answer = answer
    found = await client.newest_runs(["a", "b", "bad", "c"])
    assert [slug for slug, page in found.items() if isinstance(page, BoltError)] == ["bad"]
    assert sorted(found) == ["a", "b", "bad", "c"]


async def test_a_server_that_refuses_large_requests_gets_smaller_ones(api: Api, client: BoltClient) -> None:
    """A request that is too large is split, and the next ones are smaller from the start."""

    def answer(asked: Asked) -> Answer:
        if len(slugs(asked)) > 10:
            return Answer({"errors": [{"message": "Query is too complex"}]}, 400)
        return Answer({"data": pages(asked)})

    api.answer = answer
    names = [f"schedule-{number}" for number in range(40)]
    assert len(await client.newest_runs(names)) == 40
    before = len(api.asked)
    assert len(await client.newest_runs(names)) == 40
    assert len(api.asked) - before <= 8


async def test_an_older_backend_is_asked_in_the_older_spelling(api: Api, client: BoltClient) -> None:
    """An older backend is asked with scheduleName instead of slug."""

    def answer(asked: Asked) -> Answer:
        if "(slug:" in asked.query:
            return Answer({"errors": [{"message": "Unknown argument 'slug' on field 'listBoltRuns'."}]}, 400)
        return Answer({"data": pages(asked)})

    api.answer = answer
    found = await client.newest_runs(["nightly"])
    assert not isinstance(found["nightly"], BoltError)


async def test_a_whole_failure_is_raised(api: Api, client: BoltClient) -> None:
    """A rate-limit error is raised, because it concerns every schedule."""
    api.say(Answer(b"", 429, {"Retry-After": "7"}))
    with pytest.raises(BoltThrottled):
        await client.newest_runs(["nightly"])


async def test_activity_is_one_small_request_also_for_older_backends(api: Api, client: BoltClient) -> None:
    """For an older backend, activity is requested without slugs, and names serve as slugs."""

    def answer(asked: Asked) -> Answer:
        if "slug" in asked.query:
            return Answer({"errors": [{"message": "Cannot query field 'slug' on type 'BoltSchedule'."}]}, 400)
        row = {"name": "nightly", "uuid": "u", "lastRunAt": "2026-03-02T02:00:00Z", "lastRunState": "failed"}
        return Answer({"data": {"listBoltSchedules": {"totalCount": 1, "schedules": [row]}}})

    api.answer = answer
    for _ in range(2):
        activity = await client.activity()
        assert [(one.slug, one.last_run_state) for one in activity] == [("nightly", "FAILED")]
    assert len(api.asked) == 3
    assert "commands" not in api.asked[-1].query


async def test_the_time_is_the_servers(api: Api, client: BoltClient) -> None:
    """The client's time follows the Date of the server's last response."""
    ours = client.time()
    api.answer = lambda _asked: Answer(
        {"data": {"listBoltSchedules": {"totalCount": 0, "schedules": []}}},
        headers={"Date": "Mon, 02 Mar 2026 02:00:00 GMT"},
    )
    await client.activity()
    assert abs(client.time() - ours) > timedelta(minutes=1)
    assert client.time().strftime("%Y-%m-%dT%H:%M") == "2026-03-02T02:00"
