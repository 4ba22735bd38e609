"""Every one of Slack's error codes has its class."""

from __future__ import annotations

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.core.model.errors import (
    ChannelRefused,
    ScopeMissing,
    SlackError,
    SlackOutcomeUnknown,
    SlackRefused,
    SlackThrottled,
)
from bot.slack.errors import FAMILIES, LOST, THROTTLED, error_from_answer, error_from_code


@pytest.mark.parametrize(("code", "kind"), sorted(FAMILIES.items()))
def test_each_code_has_its_family(code: str, kind: type[SlackRefused]) -> None:
    """Each code gives the error class from the table, and the error keeps the code."""
    error = error_from_code("chat.postMessage", code, 1)
    assert type(error) is kind
    assert isinstance(error, SlackRefused)
    assert error.code == code


@pytest.mark.parametrize("code", sorted(THROTTLED))
def test_both_spellings_of_a_rate_limit_are_known(code: str) -> None:
    """Both spellings of a rate limit are recognized, because Slack uses both."""
    error = error_from_code("chat.update", code, 7)
    assert isinstance(error, SlackThrottled)
    assert error.retry_after_s == 7


@pytest.mark.parametrize("code", sorted(LOST))
def test_what_slack_does_not_know_itself_is_lost(code: str) -> None:
    """If Slack's error says that Slack itself doesn't know the outcome, the outcome is unknown."""
    assert isinstance(error_from_code("chat.postMessage", code, 1), SlackOutcomeUnknown)


def test_a_code_that_nobody_knows_is_a_refusal() -> None:
    """An unknown code is a plain refusal."""
    error = error_from_code("chat.postMessage", "new_thing", 1)
    assert type(error) is SlackRefused
    assert not isinstance(error, ChannelRefused)


@pytest.mark.parametrize(
    ("retry_after", "seconds"), [("7", 7), ("0", 1), ("86400", 600), ("soon", 30), ("nan", 1), (None, 30)]
)
def test_a_429_is_a_time_to_wait(retry_after: str | None, seconds: float) -> None:
    """A 429 gives a time to wait from one second to ten minutes, whatever its body is."""
    error = answered(429, "<html>", {"Retry-After": retry_after} if retry_after else {})
    assert isinstance(error, SlackThrottled)
    assert error.retry_after_s == seconds


def test_answers_that_leave_it_open_whether_the_call_was_carried_out() -> None:
    """After a server error or a body that isn't Slack's, the outcome is unknown."""
    assert isinstance(answered(503, {"ok": False, "error": "invalid_auth"}), SlackOutcomeUnknown)
    assert isinstance(answered(200, "<html>"), SlackOutcomeUnknown)


def test_a_missing_scope_names_the_scope() -> None:
    """A missing scope's error names the scope, as Slack does."""
    error = answered(200, {"ok": False, "error": "missing_scope", "needed": "files:write"})
    assert isinstance(error, ScopeMissing)
    assert error.needed == "files:write"


def answered(status: int, data: dict[str, object] | str, headers: dict[str, str] | None = None) -> SlackError:
    """The error for such a response from Slack."""
    response = AsyncSlackResponse(
        client=None,
        http_verb="POST",
        api_url="https://slack.com/api/chat.update",
        req_args={},
        data=data,  # type: ignore[arg-type] # the SDK keeps a body that isn't JSON as it is
        headers=headers or {},
        status_code=status,
    )
    return error_from_answer("chat.update", SlackApiError("no success", response))
