"""Retrying: reads are sent again after a temporary error, within limits; changes are sent once.

tests/paradime/test_client.py tests which of the client's operations are reads.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from bot.core.model.errors import (
    AlreadyRunning,
    ApiError,
    BoltDenied,
    BoltError,
    BoltInvalidQuery,
    BoltNotSent,
    BoltOutcomeUnknown,
    BoltRejected,
    BoltThrottled,
    BoltTooLarge,
)
from bot.paradime.classify_response import GraphqlReply, Json
from bot.paradime.retrying import RequestSender, RetryLimits, wait_to_read_again
from tests.waiting import PATIENCE_S

LIMITS = RetryLimits(attempts=3, for_s=PATIENCE_S, first_wait_s=0.001)
GOOD = GraphqlReply({"r7": {}})
REFUSED = (ApiError("no such thing"),)
TEMPORARY = [BoltNotSent(), BoltOutcomeUnknown()]
FINAL = [BoltDenied(), BoltTooLarge(9), BoltRejected(REFUSED), BoltInvalidQuery(REFUSED), AlreadyRunning(REFUSED)]

temporary = pytest.mark.parametrize("error", TEMPORARY, ids=lambda error: type(error).__name__)
final = pytest.mark.parametrize("error", FINAL, ids=lambda error: type(error).__name__)


@dataclass
class Outcomes:
    """A transport that gives these outcomes in turn, and repeats the last one."""

    left: list[BoltError | GraphqlReply]
    sent_at: list[float] = field(default_factory=list)

    async def post(self, _document: str, _variables: Json) -> GraphqlReply:
        """Record a request, and give the next outcome."""
        self.sent_at.append(asyncio.get_running_loop().time())
        one = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        if isinstance(one, BoltError):
            raise one
        return one


def sender(
    *outcomes: BoltError | GraphqlReply, limits: RetryLimits = LIMITS, timeout_s: float = 20
) -> tuple[RequestSender, Outcomes]:
    """A sender, and the outcomes of its requests."""
    made = Outcomes(list(outcomes))
    return RequestSender(made.post, limits, timeout_s=timeout_s), made


# --- reads ---


@temporary
async def test_a_read_is_sent_again_after_a_temporary_error(error: BoltError) -> None:
    """After two temporary errors, the read is sent a third time, and that reply is returned."""
    sending, outcomes = sender(error, error, GOOD)
    assert await sending.read("query", {}) == GOOD
    assert len(outcomes.sent_at) == 3


@temporary
async def test_the_last_attempt_raises(error: BoltError) -> None:
    """After as many attempts as the limits allow, the last error is raised."""
    sending, outcomes = sender(error)
    with pytest.raises(type(error)):
        await sending.read("query", {})
    assert len(outcomes.sent_at) == LIMITS.attempts


@final
async def test_a_read_is_not_sent_again_after_any_other_error(error: BoltError) -> None:
    """Any other error is raised at once, because another attempt would fail the same way."""
    sending, outcomes = sender(error)
    with pytest.raises(type(error)):
        await sending.read("query", {})
    assert len(outcomes.sent_at) == 1


async def test_errors_of_a_reply_are_raised() -> None:
    """A read with errors alongside its data is refused at once."""
    sending, outcomes = sender(GraphqlReply({"r7": {}}, REFUSED))
    with pytest.raises(BoltRejected, match="no such thing"):
        await sending.read("query", {})
    assert len(outcomes.sent_at) == 1


async def test_a_wait_that_bolt_asks_for_is_kept() -> None:
    """A throttled read is sent again after Retry-After at the earliest."""
    sending, outcomes = sender(BoltThrottled(0.2), GOOD)
    assert await sending.read("query", {}) == GOOD
    first, second = outcomes.sent_at
    assert second - first >= 0.2


async def test_a_wait_that_is_too_long_is_not_waited() -> None:
    """If Retry-After is longer than the limit, the error is raised at once with the wait."""
    sending, outcomes = sender(BoltThrottled(200))
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(BoltThrottled) as caught:
            await sending.read("query", {})
    assert caught.value.retry_after_s == 200
    assert len(outcomes.sent_at) == 1


async def test_a_read_is_bounded_as_a_whole() -> None:
    """A read ends at its total time, however many attempts are left."""
    limits = RetryLimits(attempts=1000, for_s=0.3, first_wait_s=0.01)
    sending, outcomes = sender(BoltOutcomeUnknown(), limits=limits, timeout_s=0.1)
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(BoltOutcomeUnknown):
            await sending.read("query", {})
    assert 1 < len(outcomes.sent_at) < 40


async def test_a_request_without_an_end_is_cut_off() -> None:
    """A request that never ends is cut off at the longer of the two limits, and its outcome is unknown."""

    async def hang(_document: str, _variables: Json) -> GraphqlReply:
        await asyncio.Event().wait()
        return GOOD

    limits = RetryLimits(for_s=0.01, first_wait_s=0.001)
    clock = asyncio.get_running_loop().time
    began = clock()
    with pytest.raises(BoltOutcomeUnknown):
        await RequestSender(hang, limits, timeout_s=0.1).read("query", {})
    assert clock() - began >= 0.1


def test_which_errors_of_a_read_are_retried() -> None:
    """With 10 s left, a read is retried after temporary errors and after waits of up to 10 s."""
    assert [wait_to_read_again(error, 10) for error in TEMPORARY] == [True, True]
    assert [wait_to_read_again(error, 10) for error in FINAL] == [False] * len(FINAL)
    assert [wait_to_read_again(BoltThrottled(wait_s), 10) for wait_s in (9, 10, 11)] == [9, False, False]


# --- once ---


@pytest.mark.parametrize("error", [*TEMPORARY, *FINAL, BoltThrottled(0.01)], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("how", ["once", "change"])
async def test_whatever_comes_of_it_it_is_sent_once(how: str, error: BoltError) -> None:
    """A change is sent once, because it may have been executed; a read is sent once if its caller asks again anyway."""
    sending, outcomes = sender(error)
    send = sending.change if how == "change" else sending.once
    # A change whose reply is too large to read may have been executed.
    lost = how == "change" and isinstance(error, BoltTooLarge)
    with pytest.raises(BoltOutcomeUnknown if lost else type(error)):
        await send("document", {})
    assert len(outcomes.sent_at) == 1


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (GraphqlReply(None, REFUSED), BoltRejected),
        (GraphqlReply({"triggerBoltRun": None}, REFUSED), BoltRejected),
        (GraphqlReply(None, REFUSED, invalid=True), BoltInvalidQuery),
        (GraphqlReply(None, REFUSED, running=True), AlreadyRunning),
        (GraphqlReply(None, (ApiError("no", ("triggerBoltRun",)),)), BoltRejected),
        (GraphqlReply(None, (ApiError("no", ("triggerBoltRun", "runId")),)), BoltOutcomeUnknown),
    ],
)
async def test_errors_of_a_change(reply: GraphqlReply, error: type[BoltError]) -> None:
    """An error in a change is a refusal, unless its path leads into the mutation's result: then the mutation ran."""
    sending, _outcomes = sender(reply)
    with pytest.raises(BoltError) as caught:
        await sending.change("mutation", {})
    assert type(caught.value) is error


async def test_a_change_that_returned_something_was_carried_out() -> None:
    """A change that returned data was executed, whatever errors come with it."""
    reply = GraphqlReply({"triggerBoltRun": {"runId": 9}}, REFUSED)
    sending, _outcomes = sender(reply)
    assert await sending.change("mutation", {}) == reply
