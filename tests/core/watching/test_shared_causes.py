"""The causes that the incidents of an outage have in common."""

from __future__ import annotations

from dataclasses import replace

from bot.core.model.cause import Cause
from bot.core.model.incident import Incident
from bot.core.model.outage import CAUSES_POSTED, CausePost
from bot.core.model.run_end import RunError
from bot.core.watching.shared_causes import UNREAD, cause_key, next_posts, shared_causes

FAILS = Incident("C1", "a", "T", 1, name="A")
TLS = Cause(id="tls", text="TLS failed.")


def failing(line: str, *, name: str = "orders", cause: Cause | None = None) -> Incident:
    """An incident that fails with this error."""
    return replace(FAILS, lines=(RunError("k", name, line),), cause=cause)


def test_a_cause_is_the_hint_or_the_line_without_names_and_numbers() -> None:
    """The same hint, or the same line apart from names and numbers, is the same cause."""
    assert cause_key(failing("x", cause=TLS)) == cause_key(failing("y", cause=TLS))
    one, other = (
        failing("relation raw.orders missing after 3 s"),
        failing("relation raw.items missing after 9 s", name="items"),
    )
    assert cause_key(one) == cause_key(other)
    assert cause_key(failing("permission denied")) != cause_key(failing("division by zero"))
    assert cause_key(FAILS) == UNREAD


def test_the_most_frequent_comes_first_and_what_is_unread_last() -> None:
    """The most frequent cause comes first, and unread logs come last, however many there are."""
    causes = shared_causes([FAILS, FAILS, FAILS, failing("a b"), failing("x", cause=TLS), failing("x", cause=TLS)])
    assert [(cause.key, len(cause.incidents)) for cause in causes] == [("hint tls", 2), ("a b", 1), (UNREAD, 3)]
    assert causes[0].hint == TLS


def test_each_cause_gets_one_post_and_only_the_first_five_do() -> None:
    """Each of the first five causes gets one post, with a number that never changes."""
    lines = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta")
    causes = shared_causes(failing(line) for line in lines)
    first = next_posts(causes[:2], ())
    assert first == [CausePost(1, causes[0].key), CausePost(2, causes[1].key)]
    more = next_posts(causes, first)
    assert [post.number for post in more] == [3, 4, 5]
    assert next_posts(causes, [*first, *more]) == []
    assert len(first) + len(more) == CAUSES_POSTED
