"""Errors: each has a sentence for people, and its cause for the operator."""

from __future__ import annotations

import pytest

from bot.core.model import errors
from bot.core.model.errors import (
    ApiError,
    BoltDenied,
    BoltError,
    BoltNotSent,
    BoltOutcomeUnknown,
    BoltRejected,
    BoltThrottled,
    BoltTooLarge,
    BotError,
    ScopeMissing,
    SlackError,
    SlackNotSent,
    SlackOutcomeUnknown,
    SlackRefused,
    SlackThrottled,
    StoreUnavailable,
)


@pytest.mark.parametrize(
    "error",
    [
        StoreUnavailable(),
        BoltNotSent(),
        BoltThrottled(3),
        BoltOutcomeUnknown(),
        BoltTooLarge(1000),
        BoltDenied(),
        BoltRejected(()),
        SlackNotSent("auth.test"),
        SlackThrottled("auth.test", 3),
        SlackOutcomeUnknown("auth.test"),
        SlackRefused("auth.test", "nope"),
        ScopeMissing("auth.test", "missing_scope"),
        ScopeMissing("auth.test", "missing_scope", "files:write"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_each_error_has_a_sentence(error: BotError) -> None:
    """Each error has a whole sentence for people and a detail for operators."""
    assert error.sentence.endswith(".")
    assert error.sentence[0].isupper()
    assert error.detail


def test_operators_read_the_host_and_the_cause() -> None:
    """Only operators see the host, because it means nothing to the person who reads the sentence."""
    error = BoltNotSent(cause="the connection was refused", where="api.test:443")
    assert error.detail == "api.test:443: the connection was refused"
    assert "api.test" not in error.sentence


def test_bolts_own_words_are_shown() -> None:
    """The error's sentence is Bolt's first message, and each message keeps the path of its part of the query."""
    first = ApiError("Run 7 not found.", ("a7",))
    error = BoltRejected((first, ApiError("other")))
    assert error.sentence == "Run 7 not found."
    assert error.errors[0].path == ("a7",)


def test_a_missing_scope_is_named() -> None:
    """A missing scope is named as in Slack, so that it's easy to find in the app's settings."""
    assert "files:write" in ScopeMissing("files.upload", "missing_scope", "files:write").sentence


def test_every_error_is_in_the_tree_that_is_drawn() -> None:
    """Each class is in the module's docstring, under its parent."""
    classes = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, BotError)]
    text = errors.__doc__ or ""
    for one in classes:
        assert f" {one.__name__} " in text or text.startswith(one.__name__) or f"\n{one.__name__} " in text, one


def test_each_service_can_be_caught_as_one() -> None:
    """Each service's errors share a base class, so that a caller doesn't catch another service's errors."""
    classes = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, BotError)]
    for one in classes:
        if one.__name__.startswith("Bolt"):
            assert issubclass(one, BoltError)
        if one.__name__.startswith("Slack"):
            assert issubclass(one, SlackError)
        if one.__name__.startswith("Store") and one is not errors.StoreUnfit:
            assert issubclass(one, StoreUnavailable)
