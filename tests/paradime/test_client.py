"""The client's requests, repetitions and results, against a server that answers as each test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.core.model.bolt import LogPage, ScheduleDetails, Trigger
from bot.core.model.errors import (
    AlreadyRunning,
    BoltDenied,
    BoltError,
    BoltInvalidQuery,
    BoltOutcomeUnknown,
    BoltRejected,
    BoltThrottled,
    BoltTooLarge,
    BotError,
)
from bot.paradime.client import BoltClient, ClientLimits
from bot.paradime.retrying import RetryLimits
from tests.paradime.api import CREDENTIALS, QUICK, Answer, Api, Asked, Drop, Json, client_of, errors

Call = Callable[[BoltClient], Awaitable[object]]

CREATES: dict[str, Call] = {
    "triggerBoltRun": lambda client: client.trigger(Trigger("nightly")),
    "retryBoltRun": lambda client: client.retry(7),
    "retryAllBoltRun": lambda client: client.retry_all(7),
}
CHANGES: dict[str, Call] = CREATES | {
    "cancelBoltRun": lambda client: client.cancel(7),
    "suspendBoltSchedule": lambda client: client.suspend("nightly", suspend=True),
}
READS: dict[str, Call] = {
    "listBoltSchedules": lambda client: client.schedules(),
    "boltScheduleName": lambda client: client.schedule("nightly"),
    "listBoltRuns": lambda client: client.runs("nightly", 5),
    "r7": lambda client: client.status(7),
    "boltCommand": lambda client: client.command_output(7),
    "boltCommandLogs": lambda client: client.command_log(7),
    "boltResourceUrl": lambda client: client.resource_url(7),
}
ONCE: dict[str, Call] = {
    "check": lambda client: client.check(),
    "poll": lambda client: client.poll([7, 8]),
}
GOOD: Json = {
    "listBoltSchedules": {"totalCount": 0, "schedules": []},
    "boltScheduleName": {"ok": True, "schedule": "OFF", "uuid": "u", "source": "ui"},
    "listBoltRuns": {"ok": True, "runs": []},
    "r7": {"state": "RUNNING", "commands": []},
    "boltCommand": {"id": 7, "command": "dbt run"},
    "boltCommandLogs": {"lines": [], "cursor": "1:0", "finished": True},
    "boltResourceUrl": {"ok": True, "url": "https://signed"},
    "triggerBoltRun": {"ok": True, "runId": 9},
    "retryBoltRun": {"ok": None, "runId": 9},
    "retryAllBoltRun": {"ok": True, "runId": 9},
    "cancelBoltRun": {"ok": True},
    "suspendBoltSchedule": {"ok": True},
}
UNKNOWN_SLUG = errors('Unknown argument "slug" on field "Mutation.triggerBoltRun".', status=400)

names = pytest.mark.parametrize("name", sorted(READS | CHANGES))
created = pytest.mark.parametrize("name", sorted(CREATES))
changed = pytest.mark.parametrize("name", sorted(CHANGES))
read = pytest.mark.parametrize("name", sorted(READS))


# --- which operations are repeated: the rules themselves are tested in test_retrying.py ---


@read
@pytest.mark.parametrize(
    "fault", [Drop, Answer(b"", 502), Answer(b"", 503), Answer(b"", 504), Answer(b"<html>"), Answer({})]
)
async def test_a_read_outlives_a_passing_fault(
    api: Api, client: BoltClient, name: str, fault: Answer | type[Drop]
) -> None:
    """After two temporary faults, the third answer counts."""
    api.say(fault, fault, Answer({"data": {name: GOOD[name]}}))
    await READS[name](client)
    assert len(api.asked) == 3


@read
async def test_a_read_gives_up(api: Api, client: BoltClient, name: str) -> None:
    """After as many attempts as the limits allow, the last fault is raised."""
    api.say(Answer(b"", 503))
    with pytest.raises(BoltOutcomeUnknown):
        await READS[name](client)
    assert len(api.asked) == QUICK.retry.attempts


@read
@pytest.mark.parametrize(
    ("answer", "error"),
    [(Answer(b"", 401), BoltDenied), (Answer(b"", 404), BoltRejected), (errors("no such thing"), BoltRejected)],
)
async def test_an_answer_is_not_asked_for_again(
    api: Api, client: BoltClient, name: str, answer: Answer, error: type[BoltError]
) -> None:
    """A final error is raised at once."""
    api.say(answer)
    with pytest.raises(error):
        await READS[name](client)
    assert len(api.asked) == 1


@pytest.mark.parametrize("name", sorted(ONCE))
@pytest.mark.parametrize("fault", [Drop, Answer(b"", 503), Answer(b"", 429), Answer(b"<html>")])
async def test_some_reads_are_not_repeated(api: Api, client: BoltClient, name: str, fault: Answer | type[Drop]) -> None:
    """Polls and checks aren't repeated, because their callers ask again anyway."""
    api.say(fault)
    with pytest.raises((BoltOutcomeUnknown, BoltThrottled)):
        await ONCE[name](client)
    assert len(api.asked) == 1


# --- mutations are sent once ---


@changed
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Drop, BoltOutcomeUnknown),
        (Answer(b"", 500), BoltOutcomeUnknown),
        (Answer(b"", 502), BoltOutcomeUnknown),
        (Answer(b"", 503), BoltOutcomeUnknown),
        (Answer(b"", 504), BoltOutcomeUnknown),
        (Answer(b"", 429), BoltThrottled),
        (Answer(b"", 401), BoltDenied),
        (Answer(b"<html>"), BoltOutcomeUnknown),
        (Answer({}), BoltOutcomeUnknown),
        (Answer({"data": {}}), BoltOutcomeUnknown),
        (Answer({"data": {"triggerBoltRun": None}}), BoltOutcomeUnknown),
        (errors("no"), BoltRejected),
        (errors("no", status=400), BoltRejected),
        (errors("too complex", status=400), BoltRejected),
        (errors("AlreadyRunningException: it runs"), AlreadyRunning),
    ],
)
async def test_a_mutation_is_sent_once(
    api: Api, client: BoltClient, name: str, fault: Answer | type[Drop], error: type[BoltError]
) -> None:
    """A mutation is sent once, whatever happens to it."""
    api.say(fault)
    with pytest.raises(BoltError) as caught:
        await CHANGES[name](client)
    assert type(caught.value) is error
    assert len(api.asked) == 1


@changed
async def test_a_mutation_that_times_out_is_sent_once(api: Api, name: str) -> None:
    """A mutation that times out isn't sent again, and its outcome is unknown."""
    held = asyncio.Event()

    async def hold(_request: httpx.Request) -> httpx.Response:
        api.asked.append(Asked("", {}, {}))
        await held.wait()
        return httpx.Response(200)

    limits = replace(QUICK, timeout_s=0.05)
    client = BoltClient("http://bolt", CREDENTIALS, limits, transport=httpx.MockTransport(hold))
    with pytest.raises(BoltOutcomeUnknown):
        await CHANGES[name](client)
    await client.aclose()
    assert len(api.asked) == 1


@changed
async def test_an_answer_to_a_mutation_that_is_too_large(api: Api, name: str) -> None:
    """A mutation's response that is too large leaves the outcome unknown, because the mutation may have run."""
    api.data(**{name: {"ok": True, "runId": 9, "more": "x" * 1000}})
    client = client_of(api.url, replace(QUICK, body_most=500))
    with pytest.raises(BoltOutcomeUnknown):
        await CHANGES[name](client)
    await client.aclose()
    assert len(api.asked) == 1


@created
async def test_a_run_that_was_started_is_told(api: Api, client: BoltClient, name: str) -> None:
    """A returned run id counts, even alongside an error and whatever `ok` says."""
    api.data(**{name: GOOD[name]})
    assert await CREATES[name](client) == 9
    entry = {"message": "no ok", "path": [name, "ok"]}
    api.say(Answer({"data": {name: {"ok": None, "runId": 9}}, "errors": [entry]}))
    assert await CREATES[name](client) == 9
    api.data(**{name: {"ok": False, "runId": 9}})
    assert await CREATES[name](client) == 9


@created
@pytest.mark.parametrize("data", [None, {}])
async def test_an_error_below_the_mutation_leaves_it_unknown(
    api: Api, client: BoltClient, name: str, data: Json | None
) -> None:
    """If only the run id couldn't be returned, the run may have been started, so the outcome counts as unknown."""
    entry = {"message": "no id", "path": [name, "runId"]}
    api.say(Answer({"data": data, "errors": [entry]}))
    with pytest.raises(BoltOutcomeUnknown):
        await CREATES[name](client)


@created
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"ok": False, "runId": 0}, BoltRejected),
        ({"ok": True, "runId": 0}, BoltOutcomeUnknown),
        ({"ok": True, "runId": None}, BoltOutcomeUnknown),
        ({"ok": True, "runId": "soon"}, BoltOutcomeUnknown),
    ],
)
async def test_a_start_without_an_id(
    api: Api, client: BoltClient, name: str, answer: Json, error: type[BoltError]
) -> None:
    """A start without an id is refused if Bolt says that it isn't ok; otherwise the outcome is unknown."""
    api.data(**{name: answer})
    with pytest.raises(BoltError) as caught:
        await CREATES[name](client)
    assert type(caught.value) is error


@pytest.mark.parametrize("name", sorted(set(CHANGES) - set(CREATES)))
async def test_not_ok_is_a_refusal(api: Api, client: BoltClient, name: str) -> None:
    """A cancellation or a pause that isn't ok is refused."""
    api.data(**{name: {"ok": True}})
    await CHANGES[name](client)
    api.data(**{name: {"ok": False}})
    with pytest.raises(BoltRejected):
        await CHANGES[name](client)


async def test_a_trigger_says_what_was_asked_for(api: Api, client: BoltClient) -> None:
    """Each option is sent under its own name, and options that weren't given aren't sent."""
    api.data(triggerBoltRun=GOOD["triggerBoltRun"])
    await client.trigger(Trigger("nightly", "main", 12, ("dbt run", "dbt test"), "because", continue_on_error=False))
    await client.trigger(Trigger("nightly"))
    assert [asked.variables for asked in api.asked] == [
        {
            "slug": "nightly",
            "branch": "main",
            "prNumber": 12,
            "commands": ["dbt run", "dbt test"],
            "reason": "because",
            "continueOnError": False,
        },
        {"slug": "nightly"},
    ]


# --- the older spelling ---

SPELLED: dict[str, Call] = {
    "boltScheduleName": READS["boltScheduleName"],
    "listBoltRuns": READS["listBoltRuns"],
    "triggerBoltRun": CHANGES["triggerBoltRun"],
    "suspendBoltSchedule": CHANGES["suspendBoltSchedule"],
}
spelled = pytest.mark.parametrize("name", sorted(SPELLED))


@spelled
@pytest.mark.parametrize("status", [200, 400])
async def test_the_older_spelling_is_asked_once_and_remembered(
    api: Api, client: BoltClient, name: str, status: int
) -> None:
    """If a backend doesn't know `slug`, the request is repeated in the older spelling, which is used from then on."""
    api.say(errors('Unknown argument "slug"', status=status), Answer({"data": GOOD}))
    with capture_logs() as lines:
        await SPELLED[name](client)
        await SPELLED[name](client)
    assert ["scheduleName: $slug" in asked.query for asked in api.asked] == [False, True, True]
    assert len(lines) == 1


@spelled
async def test_a_backend_that_knows_neither(api: Api, client: BoltClient, name: str) -> None:
    """A backend that knows neither spelling is asked twice, and nothing is remembered."""
    api.say(UNKNOWN_SLUG)
    for _ in range(2):
        with pytest.raises(BoltInvalidQuery):
            await SPELLED[name](client)
    assert ["scheduleName: $slug" in asked.query for asked in api.asked] == [False, True, False, True]


@spelled
async def test_a_refusal_in_the_older_spelling_is_final(api: Api, client: BoltClient, name: str) -> None:
    """A refusal in the older spelling is final."""
    api.say(UNKNOWN_SLUG, errors("No such schedule"))
    with pytest.raises(BoltRejected, match="No such schedule"):
        await SPELLED[name](client)
    assert len(api.asked) == 2


async def test_a_mutation_lost_in_the_older_spelling_is_not_sent_again(api: Api, client: BoltClient) -> None:
    """A mutation that is lost in the older spelling isn't sent again, because it may have been executed."""
    api.say(UNKNOWN_SLUG, Answer(b"", 502))
    with pytest.raises(BoltOutcomeUnknown):
        await client.trigger(Trigger("nightly"))
    assert len(api.asked) == 2


async def test_what_has_no_older_spelling(api: Api, client: BoltClient) -> None:
    """A retry, which has no older spelling, is sent only once."""
    api.say(UNKNOWN_SLUG)
    with pytest.raises(BoltInvalidQuery):
        await client.retry(7)
    assert len(api.asked) == 1


# --- the listing of schedules ---


def listed(*ids: int, total: int | None) -> Answer:
    """A page of schedules."""
    schedules = [{"id": one, "uuid": "u", "name": f"s{one}", "schedule": "OFF", "source": "ui"} for one in ids]
    return Answer({"data": {"listBoltSchedules": {"totalCount": total, "schedules": schedules}}})


@pytest.mark.parametrize(
    ("pages", "offsets"),
    [
        ([listed(total=0)], [0]),
        ([listed(1, 2, total=2)], [0]),
        ([listed(1, 2, total=5), listed(3, 4, total=5), listed(5, total=5)], [0, 2, 4]),
        ([listed(1, 2, total=3), listed(2, 3, total=3)], [0, 2]),
        ([listed(1, 2, total=9), listed(total=9)], [0, 2]),
        ([listed(1, 2, total=9), listed(1, 2, total=9)], [0, 2]),
        ([listed(1, 2, total=None), listed(3, total=None), listed(total=None)], [0, 2, 3]),
    ],
    ids=["none", "one page", "short pages", "shifted", "empty", "the same again", "no total"],
)
async def test_all_pages_are_read(api: Api, client: BoltClient, pages: list[Answer], offsets: list[int]) -> None:
    """Each schedule is listed once, however the server pages, and paging always ends."""
    api.say(*pages)
    found = [schedule.id for schedule in await client.schedules()]
    assert found == sorted(set(found))
    assert [asked.variables["offset"] for asked in api.asked] == offsets


async def test_an_older_listing_is_asked_once_and_remembered(api: Api, client: BoltClient) -> None:
    """A backend without the newer fields is queried with the older ones, and its names serve as slugs."""
    api.say(errors('Cannot query field "suspended"'), listed(1, total=1))
    with capture_logs() as lines:
        for _ in range(2):
            assert [schedule.slug for schedule in await client.schedules()] == ["s1"]
    assert ["suspended" in asked.query for asked in api.asked] == [True, False, False]
    assert len(lines) == 1


async def test_a_listing_that_fits_neither_way(api: Api, client: BoltClient) -> None:
    """A listing that fails with and without the newer fields is tried both ways each time; nothing is remembered."""
    api.say(errors('Cannot query field "name"'))
    for _ in range(2):
        with pytest.raises(BoltInvalidQuery):
            await client.schedules()
    assert ["suspended" in asked.query for asked in api.asked] == [True, False, True, False]


# --- other reads ---


@names
@pytest.mark.parametrize("data", [{}, {"x": 1}, "null", 5, [], {"state": 5, "id": "x", "ok": "perhaps", "runs": 5}])
async def test_another_shape_is_lost(api: Api, client: BoltClient, name: str, data: object) -> None:
    """A response of another shape leaves the outcome unknown, except for two reads in which everything is optional."""
    api.data(**{name: data})
    if name in ("boltScheduleName", "boltResourceUrl") and data in ({}, {"x": 1}):
        await READS[name](client)
        return
    with pytest.raises(BoltOutcomeUnknown):
        await (READS | CHANGES)[name](client)


async def test_not_ok_where_something_is_read(api: Api, client: BoltClient) -> None:
    """A read that Bolt answers with `ok: false` raises an error, so it can't be taken for an empty result."""
    api.data(boltScheduleName=GOOD["boltScheduleName"] | {"ok": False})
    with pytest.raises(BoltRejected):
        await client.schedule("nightly")
    api.data(listBoltRuns={"ok": False, "runs": []})
    with pytest.raises(BoltRejected):
        await client.runs("nightly", 5)
    api.data(boltResourceUrl={"ok": False, "url": "https://signed"})
    assert await client.resource_url(7) is None


async def test_a_schedule_asked_for_by_its_slug(api: Api, client: BoltClient) -> None:
    """A schedule's nulls become None, and its commands become a tuple."""
    api.data(boltScheduleName=GOOD["boltScheduleName"] | {"latestRunId": None, "commands": None})
    assert await client.schedule("nightly") == ScheduleDetails(None, (), None, "OFF", "u", "ui", None)


async def test_a_live_log(api: Api, client: BoltClient) -> None:
    """A live log's lines are returned with its cursor unchanged."""
    page = {"lines": [{"stream": "STDERR", "line": "\x1b[0m"}], "cursor": "2:9", "finished": False}
    api.data(boltCommandLogs=page)
    assert await client.command_log(7, "1:0") == LogPage((("STDERR", "\x1b[0m"),), "2:9", finished=False)
    assert api.asked[0].variables == {"id": 7, "cursor": "1:0"}


async def test_an_output_above_the_bound(api: Api) -> None:
    """An output above the limit isn't read to its end or requested again."""
    api.data(boltCommand={"id": 7, "command": "x", "stdout": "y" * 10_000})
    client = client_of(api.url, replace(QUICK, body_most=5_000))
    with pytest.raises(BoltTooLarge):
        await client.command_output(7)
    await client.aclose()
    assert len(api.asked) == 1


@pytest.mark.parametrize("answer", [Answer({"data": {"boltResourceUrl": {"ok": "?", "url": "https://signed?s=1"}}})])
async def test_an_address_is_in_no_error(api: Api, client: BoltClient, answer: Answer) -> None:
    """Neither an error, nor its causes, nor the log quote a signed URL."""
    api.say(answer)
    with capture_logs() as lines, pytest.raises(BoltOutcomeUnknown) as caught:
        await client.resource_url(7)
    error: BaseException | None = caught.value
    while error is not None:
        assert "signed" not in str(error)
        error = error.__cause__
    assert "signed" not in str(lines)


@pytest.mark.parametrize("timeout_s", [0, -1, 20.5, float("nan")])
def test_a_time_out_is_within_its_bounds(timeout_s: float) -> None:
    """A timeout is at most 20 s, because the search for a lost start relies on that."""
    with pytest.raises(ValueError, match="at most 20"):
        ClientLimits(timeout_s=timeout_s)


# --- any response ---

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted({name for good in GOOD.values() for name in good} | {"suspended", "startDttm", "gitInfo", "slackOn"})
OBJECT = st.dictionaries(st.sampled_from(FIELDS), JSON | st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON)))
ERRORS = JSON | st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "message": JSON | st.sampled_from(["Unknown argument", "too large", "AlreadyRunningException"]),
            "path": JSON | st.lists(st.sampled_from(["r7", "r8", "triggerBoltRun", 0])),
            "extensions": JSON,
        },
    ),
    max_size=3,
)
BODY = JSON | st.fixed_dictionaries(
    {},
    optional={"data": JSON | st.fixed_dictionaries({}, optional=dict.fromkeys(GOOD, JSON | OBJECT)), "errors": ERRORS},
)


@given(BODY, st.sampled_from([200, 200, 400, 404]), st.sampled_from(sorted(READS | CHANGES | ONCE)))
async def test_whatever_comes_is_an_error_of_ours(body: object, status: int, name: str) -> None:
    """Any JSON in response to any operation gives a result or a BotError with a sentence."""
    content = json.dumps(body).encode()
    transport = httpx.MockTransport(lambda _request: httpx.Response(status, content=content))
    client = BoltClient("http://bolt", CREDENTIALS, replace(QUICK, retry=RetryLimits(attempts=1)), transport=transport)
    try:
        await (READS | CHANGES | ONCE)[name](client)
    except BotError as error:
        assert error.sentence  # noqa: PT017 - the call may also succeed
    finally:
        await client.aclose()
