"""Every code of Slack's has its class."""

from __future__ import annotations

import pytest

from bot.core.model.errors import ChannelRefused, SlackOutcomeUnknown, SlackRefused, SlackThrottled
from bot.slack.errors import FAMILIES, LOST, THROTTLED, error_from_code


@pytest.mark.parametrize(("code", "kind"), sorted(FAMILIES.items()))
def test_each_code_has_its_family(code: str, kind: type[SlackRefused]) -> None:
    """The table is what is used, and the error keeps Slack's own word."""
    error = error_from_code("chat.postMessage", code, 1)
    assert type(error) is kind
    assert isinstance(error, SlackRefused)
    assert error.code == code


@pytest.mark.parametrize("code", sorted(THROTTLED))
def test_both_spellings_of_a_rate_limit_are_known(code: str) -> None:
    """Slack uses both."""
    error = error_from_code("chat.update", code, 7)
    assert isinstance(error, SlackThrottled)
    assert error.retry_after_s == 7


@pytest.mark.parametrize("code", sorted(LOST))
def test_what_slack_does_not_know_itself_is_lost(code: str) -> None:
    """It may have been done."""
    assert isinstance(error_from_code("chat.postMessage", code, 1), SlackOutcomeUnknown)


def test_a_code_that_nobody_knows_is_a_refusal() -> None:
    """With Slack's own word."""
    error = error_from_code("chat.postMessage", "new_thing", 1)
    assert type(error) is SlackRefused
    assert not isinstance(error, ChannelRefused)
