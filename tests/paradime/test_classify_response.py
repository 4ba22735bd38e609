"""The meaning of a response, by its status and its body."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model.errors import (
    AlreadyRunning,
    ApiError,
    BoltDenied,
    BoltError,
    BoltInvalidQuery,
    BoltOutcomeUnknown,
    BoltRejected,
    BoltThrottled,
)
from bot.paradime import classify_response
from bot.paradime.classify_response import GraphqlReply, parse_response, rejection, retry_after_s

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def read(
    body: object, status: int = 200, *, is_query: bool = True, headers: dict[str, str] | None = None
) -> GraphqlReply:
    """Read a response; a body that isn't bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse_response(httpx.Response(status, headers=headers), content, is_query=is_query, now=NOW)


def refused(body: object, status: int = 200, *, is_query: bool = True) -> BoltRejected:
    """The error for a response with errors."""
    return rejection(read(body, status, is_query=is_query))


def said(*messages: str, **entry: object) -> dict[str, object]:
    """A body with errors, and no data."""
    return {"errors": [{"message": message, **entry} for message in messages]}


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, BoltDenied),
        (403, BoltDenied),
        (429, BoltThrottled),
        (500, BoltOutcomeUnknown),
        (502, BoltOutcomeUnknown),
        (503, BoltOutcomeUnknown),
        (504, BoltOutcomeUnknown),
        (599, BoltOutcomeUnknown),
        (302, BoltRejected),
        (400, BoltRejected),
        (404, BoltRejected),
        (418, BoltRejected),
    ],
)
@pytest.mark.parametrize("body", [b"", b"some text", b"<html>", b"{}", b"null"])
def test_a_status_that_is_no_success_decides(status: int, error: type[BoltError], body: bytes) -> None:
    """Without GraphQL errors in the body, a status other than success determines the error."""
    with pytest.raises(BoltError) as caught:
        read(body, status)
    assert type(caught.value) is error


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!doctype html><title>One moment</title>",
        b"\xff\xfe\x00",
        b"null",
        b"5",
        b"[]",
        b"{}",
        b'{"message": "hello"}',
        b'{"data": null}',
        b'{"data": []}',
        b'{"data": null, "errors": []}',
        b'{"errors": "text"}',
        b"[" * 200_000,
        b'{"data": {"x": ' + b"9" * 5000 + b"}}",
    ],
)
def test_a_success_that_is_no_graphql_is_lost(body: bytes) -> None:
    """A 200 without data or errors, such as a proxy's page, leaves the outcome unknown."""
    with pytest.raises(BoltOutcomeUnknown):
        read(body)


def test_data_and_errors_at_once() -> None:
    """Data and errors are both kept, with each error's path."""
    body = {"data": {"r1": None, "r2": {}}, "errors": [{"message": "no run 1", "path": ["r1", 0]}]}
    assert read(body) == GraphqlReply({"r1": None, "r2": {}}, (ApiError("no run 1", ("r1", 0)),))


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    "message",
    [
        'Cannot query field "slug" on type "BoltSchedule".',
        'Unknown argument "slug" on field "Query.listBoltRuns".',
        "Unknown field argument slug",
        'Unknown type "X".',
        "Syntax Error: Unexpected Name",
        "Validation error (FieldUndefined@[listBoltSchedules/schedules/slug])",
        "Validation error of type UnknownArgument: Unknown field argument slug",
        'Field "slug" is not defined by type "X".',
        "The argument `slug` does not exist.",
        "GraphQL error: Unknown argument 'slug'",
    ],
)
@pytest.mark.parametrize("is_query", [True, False])
def test_a_query_that_does_not_fit(status: int, message: str, is_query: bool) -> None:  # noqa: FBT001 - a table
    """An error about a query that doesn't match the schema is recognized in any server's words, with 200 or 400."""
    assert type(refused(said(message), status, is_query=is_query)) is BoltInvalidQuery


@pytest.mark.parametrize("code", ["GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"])
def test_a_code_says_so_too(code: str) -> None:
    """Some codes mean that nothing was executed, whatever the message."""
    assert type(refused(said("Nope", extensions={"code": code}), is_query=False)) is BoltInvalidQuery


@pytest.mark.parametrize(
    "message",
    [
        "Query is too complex",
        "The request is too large",
        "Too many aliases",
        "Query complexity 900 exceeds 500",
        "The query asks for 100 fields, which is more than 10",
        "exceeds maximum depth",
    ],
)
def test_too_large_is_a_matter_of_queries(message: str) -> None:
    """A query that is too large is invalid and can be split; a mutation with the same error is rejected."""
    assert type(refused(said(message))) is BoltInvalidQuery
    assert type(refused(said(message), is_query=False)) is BoltRejected
    assert type(refused(said(message), 400, is_query=False)) is BoltRejected


@pytest.mark.parametrize(
    "body",
    [
        said("No schedule 'unknown argument'"),
        said("Unknown argument 'slug'", path=["triggerBoltRun"]),
        {"data": {"triggerBoltRun": None}} | said("Unknown argument 'slug'"),
        said("1 validation error for BoltRun"),
        {"errors": [{"message": "Unknown type"}, {"message": "it failed", "path": ["triggerBoltRun"]}]},
    ],
    ids=["quoted words", "a path", "data", "a resolver's own validation", "one of them has a path"],
)
def test_what_may_have_been_executed_is_no_invalid_query(body: object) -> None:
    """A mutation counts as not executed only if the server itself rejected the query."""
    assert type(refused(body, is_query=False)) is BoltRejected


def test_a_bad_request_without_a_path_executed_nothing() -> None:
    """A query's 400 with errors is an invalid query, whatever the errors say; a 200 with errors isn't."""
    assert type(refused(said("Nope"), 400)) is BoltInvalidQuery
    assert type(refused(said("Nope"), 200)) is BoltRejected


def test_too_large_by_its_status() -> None:
    """A proxy's 413 makes a query invalid, whatever its body; for a mutation, it's a plain refusal."""
    assert type(refused(b"<html>", 413)) is BoltInvalidQuery
    assert type(refused(b"<html>", 413, is_query=False)) is BoltRejected


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("AlreadyRunningException: schedule 'a' is already running", "schedule 'a' is already running"),
        ("x.y.AlreadyRunningException: it runs\n\tat x.y.Start(S.java:7)\n\tat z", "it runs"),
        (
            'Traceback (most recent call last):\n  File "a.py", line 3\n    raise X\nb.AlreadyRunningException: it runs',
            "it runs",
        ),
        ("AlreadyRunningException('it runs')", "it runs"),
        ("AlreadyRunningException", "The schedule is already running"),
        ("x" * 5000 + " AlreadyRunningException: it runs", "it runs"),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_already_running_is_an_answer(message: str, sentence: str, status: int) -> None:
    """An already running schedule is recognized anywhere in the message, and its sentence has no stack trace."""
    error = refused(said(message, path=["triggerBoltRun"]), status, is_query=False)
    assert isinstance(error, AlreadyRunning)
    assert error.sentence == sentence


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("No such run", "No such run"),
        ("No such run\n  at a.b.c\n  at d", "No such run"),
        ('Traceback (most recent call last):\n  File "a.py"\nKeyError: 7\n', "KeyError: 7"),
        ("\n\n", classify_response.NO_REASON),
        ("a\x00b\x1b[31mc\u202ed\te", "a b [31mc d e"),
        ("\x00", classify_response.NO_REASON),
    ],
)
def test_a_sentence_is_one_plain_line(message: str, sentence: str) -> None:
    """A sentence is one plain line, without a stack trace or control characters."""
    assert refused(said(message)).sentence == sentence


@pytest.mark.parametrize("message", ["long " * 10_000, "x" * 1_000_000])
def test_a_long_sentence_is_cut(message: str) -> None:
    """A server's message is cut to a limit."""
    assert len(refused(said(message)).sentence) <= classify_response.MESSAGE_SHOWN


@pytest.mark.parametrize("entry", [None, 5, "no", [], {}, {"message": 5}, {"message": None, "path": "r1"}])
def test_a_malformed_error_is_still_one(entry: object) -> None:
    """An error of another shape is still an error, without a path."""
    error = refused({"data": None, "errors": [entry]})
    assert [one.path for one in error.errors] == [()]
    assert error.sentence in (classify_response.NO_REASON, "no")


def test_plain_text_of_a_refusal_is_told() -> None:
    """Plain text in an error response is shown to the person, but a proxy's page isn't."""
    for kind, sentence in (
        ("text/plain; charset=utf-8", "Bolt answered with HTTP status 404: no such workspace"),
        ("text/html", "Bolt answered with HTTP status 404."),
    ):
        with pytest.raises(BoltRejected) as caught:
            read(b"no such workspace\nsecond line", 404, headers={"Content-Type": kind})
        assert caught.value.sentence == sentence


def test_half_an_emoji_is_mended() -> None:
    """Half a surrogate pair becomes a question mark, and a whole pair stays."""
    reply = read(b'{"data": {"a\\ud83d": ["x\\ud83d", "\\ud83d\\ude00", 1]}}')
    assert reply.data == {"a?": ["x?", "\U0001f600", 1]}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("1.5", 1.5),
        ("0", 1),
        ("100000", 300),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 1),
        ("Mon, 23 Nov 2029 11:00:00 GMT", 300),
        ("Mon, 23 Nov 2026 12:00:30 -0000", 5),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", 5),
        ("-3", 5),
        ("nan", 5),
        ("inf", 5),
        ("1e400", 5),
        ("٣", 5),
        ("soon", 5),
        ("", 5),
        (None, 5),
    ],
)
def test_retry_after(value: str | None, seconds: float) -> None:
    """Retry-After is seconds or a date, within limits, or the default if it's neither."""
    assert retry_after_s(value, NOW) == seconds


def test_a_throttled_answer_says_how_long() -> None:
    """A 429 gives its Retry-After."""
    with pytest.raises(BoltThrottled) as caught:
        read(b"slow down", 429, headers={"Retry-After": "9"})
    assert caught.value.retry_after_s == 9


@given(st.text())
def test_no_retry_after_raises(value: str) -> None:
    """Whatever is in the header, the wait is within its limits."""
    assert (
        classify_response.SHORTEST_RETRY_AFTER_S <= retry_after_s(value, NOW) <= classify_response.LONGEST_RETRY_AFTER_S
    )


@given(JSON | st.fixed_dictionaries({}, optional={"data": JSON, "errors": JSON | st.lists(JSON)}), st.booleans())
def test_any_json_is_read_or_a_bolt_error(body: object, is_query: bool) -> None:  # noqa: FBT001 - drawn
    """Any JSON gives a reply or one of our errors."""
    try:
        reply = read(body, is_query=is_query)
    except BoltError:
        return
    assert reply.data is not None or reply.errors
