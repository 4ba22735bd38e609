"""How long logs may be read while several failures are waiting to be announced."""

from __future__ import annotations

from bot.flows.end_deadlines import EndRules

FAILURES = 10


def test_ten_failures_have_time_to_be_posted_one_after_the_other() -> None:
    """In one channel, where Slack accepts one post a second, even the last failure is posted in time."""
    rules = EndRules()
    ends = sorted(rules.reading_s(at_once) for at_once in range(1, FAILURES + 1))
    posted = 0.0
    for end in ends:
        posted = max(end, posted + rules.post_gap_s)
    assert posted + rules.post_gap_s <= rules.told_s
    assert rules.reading_s(1) >= 12
    assert rules.reading_s(1000) == 0


def test_an_incident_waits_three_seconds_for_a_log() -> None:
    """An incident waits three seconds for a log, or less if there's less time."""
    assert EndRules().reading_s(1, incident_only=True) == 3
    assert EndRules().reading_s(1000, incident_only=True) == 0
