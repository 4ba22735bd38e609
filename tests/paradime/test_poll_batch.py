"""One request for many runs, in which one bad run doesn't hide the rest."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from bot.core.model.errors import BoltError, BoltInvalidQuery, BoltOutcomeUnknown, BoltRejected, BoltThrottled
from bot.paradime.classify_response import GraphqlReply
from bot.paradime.client import BoltClient
from bot.paradime.poll_batch import GROWS_AFTER, LEAST, MOST, REQUESTS_MOST, SLOW_S, PollBatch
from tests.paradime.api import Answer, Api, Asked, Json, errors

STATUS: Json = {"state": "RUNNING", "commands": []}


def told(asked: Asked, bad: Collection[int] = ()) -> Json:
    """Data for the requested runs, with null for the bad ones."""
    return {f"r{run_id}": None if run_id in bad else STATUS for run_id in asked.run_ids}


def batches(api: Api) -> list[list[int]]:
    """The runs in each request."""
    return [asked.run_ids for asked in api.asked]


async def test_many_runs_are_one_request(api: Api, client: BoltClient) -> None:
    """A hundred runs are one request, and a duplicate is asked for once."""
    api.answer = lambda asked: Answer({"data": told(asked)})
    for start in (1, 101):
        polled = await client.poll([*range(start, start + 100), start])
        assert sorted(polled.found) == list(range(start, start + 100))
        assert polled.failed == {}
    assert len(api.asked) == 2


async def test_nothing_asks_for_nothing(api: Api, client: BoltClient) -> None:
    """Without runs, there's no request."""
    polled = await client.poll([])
    assert (polled.found, polled.failed, api.asked) == ({}, {}, [])


async def test_at_most_a_batch_is_asked_for(api: Api, client: BoltClient) -> None:
    """Runs beyond the limit are in neither dict."""
    api.answer = lambda asked: Answer({"data": told(asked)})
    polled = await client.poll(range(1, MOST + 10))
    assert sorted(polled.found) == list(range(1, MOST + 1))
    assert polled.failed == {}


async def test_a_bad_run_with_its_data_null(api: Api, client: BoltClient) -> None:
    """A bad run is named by its error's path; the others have their data, and nothing is requested again."""

    def answer(asked: Asked) -> Answer:
        entry = {"message": "no run 2", "path": ["r2"]}
        return Answer({"data": told(asked, [2]), "errors": [entry]})

    api.answer = answer
    polled = await client.poll([1, 2, 3])
    assert sorted(polled.found) == [1, 3]
    assert [str(error) for error in polled.failed.values()] == ["no run 2"]
    assert isinstance(polled.failed[2], BoltRejected)
    assert len(api.asked) == 1


async def test_bad_runs_that_null_all_data(api: Api, client: BoltClient) -> None:
    """Bad runs named by their errors' paths are left out, and the rest is requested again."""

    def answer(asked: Asked) -> Answer:
        bad = [run_id for run_id in asked.run_ids if run_id in (2, 5)]
        if not bad:
            return Answer({"data": told(asked)})
        entries = [{"message": f"no run {run_id}", "path": [f"r{run_id}"]} for run_id in bad]
        return Answer({"data": None, "errors": entries})

    api.answer = answer
    polled = await client.poll(range(1, 7))
    assert sorted(polled.found) == [1, 3, 4, 6]
    assert sorted(polled.failed) == [2, 5]
    assert batches(api) == [[1, 2, 3, 4, 5, 6], [1, 3, 4, 6]]


async def test_an_error_deeper_in_a_run_that_is_there(api: Api, client: BoltClient) -> None:
    """A run with its state counts as found, even if one of its fields failed."""
    entry = {"message": "no time", "path": ["r1", "commands", 0, "startDttm"]}
    api.answer = lambda asked: Answer({"data": told(asked), "errors": [entry]})
    polled = await client.poll([1, 2])
    assert (sorted(polled.found), polled.failed, len(api.asked)) == ([1, 2], {}, 1)


async def test_what_was_told_beside_an_error_without_a_path(api: Api, client: BoltClient) -> None:
    """Only runs without data are requested again, until the one bad run is found."""

    def answer(asked: Asked) -> Answer:
        if 3 not in asked.run_ids:
            return Answer({"data": told(asked)})
        return Answer({"data": told(asked, [3]), "errors": [{"message": "something is wrong"}]})

    api.answer = answer
    polled = await client.poll([1, 2, 3, 4])
    assert (sorted(polled.found), sorted(polled.failed)) == ([1, 2, 4], [3])
    assert batches(api) == [[1, 2, 3, 4], [3]]


@pytest.mark.parametrize("bad", [1, 50, 100])
async def test_an_error_without_a_path_halves(api: Api, client: BoltClient, bad: int) -> None:
    """The request is halved until the bad run is found, within the limit on requests; the batch limit is unchanged."""
    api.answer = lambda asked: errors("it failed") if bad in asked.run_ids else Answer({"data": told(asked)})
    polled = await client.poll(range(1, 101))
    assert sorted(polled.failed) == [bad]
    assert len(polled.found) == 99
    assert len(api.asked) <= REQUESTS_MOST
    assert client.batch_limit == MOST


async def test_requests_are_bounded(api: Api, client: BoltClient) -> None:
    """If everything fails, a poll gives up after a number of requests, and unsettled runs are in neither dict."""
    api.answer = lambda _asked: errors("it failed")
    polled = await client.poll(range(1, 101))
    assert len(api.asked) == REQUESTS_MOST
    assert polled.found == {}
    assert len(polled.failed) < 100


async def test_one_run_alone_fails_alone(api: Api, client: BoltClient) -> None:
    """A single run that fails isn't split further."""
    api.say(errors("it failed"))
    polled = await client.poll([7])
    assert (list(polled.failed), len(api.asked), client.batch_limit) == ([7], 1, MOST)


@pytest.mark.parametrize(
    ("message", "status"),
    [("Query is too complex", 200), ("Request too large", 400), ("words of its own", 400)],
)
async def test_too_large_is_remembered(api: Api, client: BoltClient, message: str, status: int) -> None:
    """A batch that is too large is halved; the next poll begins with the size that fit, and the limit grows slowly."""
    api.answer = lambda asked: (
        errors(message, status=status) if len(asked.run_ids) > 30 else Answer({"data": told(asked)})
    )
    polled = await client.poll(range(1, 101))
    assert len(polled.found) == 100
    assert client.batch_limit == 25
    api.asked.clear()
    await client.poll(range(1, 101))
    assert [len(batch) for batch in batches(api)] == [25]
    for _ in range(GROWS_AFTER):
        await client.poll([1])
    assert client.batch_limit == 27


async def test_too_large_by_its_status_is_remembered(api: Api, client: BoltClient) -> None:
    """A proxy's 413 halves the batch as well."""
    api.answer = lambda asked: Answer(b"", 413) if len(asked.run_ids) > 60 else Answer({"data": told(asked)})
    assert len((await client.poll(range(1, 101))).found) == 100
    assert client.batch_limit == 50


async def test_the_limit_stays_above_nothing(api: Api, client: BoltClient) -> None:
    """The limit never falls below one run, and grows back no higher than it was."""
    api.answer = lambda _asked: errors("too large")
    for _ in range(10):
        await client.poll(range(1, 101))
    assert client.batch_limit == 1
    api.answer = lambda asked: Answer({"data": told(asked)})
    for _ in range(60 * GROWS_AFTER):
        if client.batch_limit == MOST:
            break
        await client.poll([1])
    assert client.batch_limit == MOST


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(b"bad gateway", 502), BoltOutcomeUnknown),
        (Answer(b"", 503), BoltOutcomeUnknown),
        (Answer(b"", 504), BoltOutcomeUnknown),
        (Answer(b"", 429), BoltThrottled),
        (Answer(b"<html>"), BoltOutcomeUnknown),
        (Answer({}), BoltOutcomeUnknown),
    ],
)
async def test_an_outage_is_never_split(api: Api, client: BoltClient, answer: Answer, error: type[BoltError]) -> None:
    """In an outage, one request fails and isn't split, because smaller ones wouldn't help."""
    api.say(answer)
    with pytest.raises(error):
        await client.poll(range(1, 101))
    assert len(api.asked) == 1
    assert client.batch_limit == MOST


@pytest.mark.parametrize("status", [None, 5, [], {}, {"state": ""}, {"state": None}, {"state": "X", "commands": [5]}])
async def test_a_run_that_is_told_in_another_shape(api: Api, client: BoltClient, status: object) -> None:
    """A run whose data has an unexpected shape fails by itself, and the other runs are found."""
    api.say(Answer({"data": {"r1": status, "r2": STATUS}}))
    polled = await client.poll([1, 2])
    assert list(polled.found) == [2]
    assert isinstance(polled.failed[1], BoltOutcomeUnknown)
    assert len(api.asked) == 1


@pytest.mark.parametrize("run_id", [0, -1, 2**31, 10**30])
async def test_a_number_that_no_run_has(api: Api, client: BoltClient, run_id: int) -> None:
    """An invalid run id isn't sent, because it would make the whole query invalid."""
    api.answer = lambda asked: Answer({"data": told(asked)})
    polled = await client.poll([1, run_id, 2])
    assert (sorted(polled.found), list(polled.failed)) == ([1, 2], [run_id])
    assert batches(api) == [[1, 2]]


async def test_a_path_that_names_nobody_halves(api: Api, client: BoltClient) -> None:
    """An error's path counts only if it names a requested run; otherwise the batch is halved."""
    api.answer = lambda asked: (
        errors("it failed", path=["r999", 0]) if 2 in asked.run_ids else Answer({"data": told(asked)})
    )
    polled = await client.poll([1, 2])
    assert (list(polled.found), list(polled.failed)) == ([1], [2])


async def test_an_invalid_query_for_one_run_alone(api: Api, client: BoltClient) -> None:
    """An invalid query for a single run isn't split further."""
    api.say(errors("Cannot query field"))
    polled = await client.poll([1])
    assert isinstance(polled.failed[1], BoltInvalidQuery)
    assert len(api.asked) == 1


def named(asked: Asked, name: object = "Status") -> Answer:
    """An answer that contains the type's name if that is asked for."""
    kind = {"__typename": name} if "__typename" in asked.query else {}
    return Answer({"data": {alias: status | kind for alias, status in told(asked).items()}})


async def test_what_is_asked_is_written_once(api: Api, client: BoltClient) -> None:
    """Once the backend has named the type, a fragment halves the query, and the answers stay the same."""
    api.answer = named
    for _ in range(2):
        assert sorted((await client.poll(range(1, 101))).found) == list(range(1, 101))
    first, second = (asked.query for asked in api.asked)
    assert first.count("commands") == 100
    assert second.count("commands") == 1
    assert "fragment Status on Status {" in second
    assert len(second) < len(first) / 2


@pytest.mark.parametrize("name", [None, "", "Two words", "X { id } }", "é", "x" * 101, 5, ["Status"], "Status\n"])
async def test_a_name_that_is_none_comes_into_no_query(api: Api, client: BoltClient, name: object) -> None:
    """A type name from the server is used in a query only if it's a valid name."""
    api.answer = lambda asked: named(asked, name)
    for _ in range(2):
        assert list((await client.poll([1])).found) == [1]
    assert ["fragment" in asked.query for asked in api.asked] == [False, False]


async def test_a_backend_that_takes_no_fragments(api: Api, client: BoltClient) -> None:
    """A backend that rejects fragments is asked without them from then on, in batches of the same size."""
    api.answer = lambda asked: errors("Unknown type") if "fragment" in asked.query else named(asked)
    for _ in range(3):
        assert len((await client.poll(range(1, 101))).found) == 100
    assert ["fragment" in asked.query for asked in api.asked] == [False, True, False, False]
    assert client.batch_limit == MOST


async def test_too_large_is_no_reason_against_fragments(api: Api, client: BoltClient) -> None:
    """A query that is too large is halved, with its fragment."""
    api.answer = lambda asked: (
        named(asked) if len(asked.run_ids) <= 50 or len(api.asked) == 1 else errors("Query is too complex")
    )
    await client.poll(range(1, 101))
    assert len((await client.poll(range(1, 101))).found) == 100
    assert [len(batch) for batch in batches(api)] == [100, 100, 100, 50, 50]
    assert ["fragment" in asked.query for asked in api.asked] == [False, True, False, True, True]
    assert client.batch_limit == 50


async def test_a_server_that_slows_is_asked_for_fewer() -> None:
    """A slow server is asked for fewer runs, whatever it answers, down to a minimum."""
    now = 0.0

    async def slow(_document: str) -> GraphqlReply:
        nonlocal now
        now += SLOW_S + 1
        raise BoltOutcomeUnknown

    batch = PollBatch(slow, clock=lambda: now)
    limits = []
    for _ in range(6):
        with pytest.raises(BoltOutcomeUnknown):
            await batch.poll(range(1, 101))
        limits.append(batch.limit)
    assert limits == [50, 25, 12, LEAST, LEAST, LEAST]
