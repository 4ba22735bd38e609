"""The life of an incident, as the ends of runs are accounted for."""

from __future__ import annotations

from bot.core.model.incident import POSTS_KEPT, POSTS_MOST, Incident, IncidentState, PostKind
from bot.core.model.run_end import RunEnd, RunError
from bot.core.watching.incident_life import account, with_log
from tests.core.watching.ends import COLUMN, DISK, NIGHTLY, WATCH, failure, success


def told(*ends: RunEnd, carded: frozenset[int] = frozenset()) -> Incident | None:
    """The incident after these ends are accounted for in this order."""
    incident, newest = None, None
    for end in ends:
        incident = account(incident, end, WATCH, NIGHTLY, newest=newest, carded=end.run in carded)
        newest = end if newest is None or end.order > newest.order else newest
    return incident


def kinds(incident: Incident | None) -> list[PostKind]:
    """The kinds of an incident's thread posts."""
    return [post.kind for post in incident.posts] if incident else []


def test_a_failure_opens_and_a_success_closes() -> None:
    """A failure opens an incident and a success closes it."""
    assert told(success(1, 0)) is None
    incident = told(success(1, 0), failure(2, 1))
    assert incident is not None
    assert (incident.state, incident.failures, kinds(incident)) == (IncidentState.FAILING, 1, [PostKind.OPENING])
    assert incident.posts[0].mention
    incident = told(success(1, 0), failure(2, 1), success(3, 2))
    assert incident is not None
    assert incident.state is IncidentState.RECOVERED
    assert incident.recovered_by is not None
    assert incident.recovered_by.run == 3
    assert kinds(incident) == [PostKind.OPENING, PostKind.RECOVERED]


def test_the_same_error_is_counted_and_a_new_one_is_posted() -> None:
    """The same error is only counted, and a new one is posted."""
    incident = told(failure(1, 0), failure(2, 1), failure(3, 1.5, COLUMN, DISK))
    assert incident is not None
    assert incident.failures == 3
    assert kinds(incident) == [PostKind.OPENING, PostKind.NEW_ERROR]
    assert incident.posts[1].errors == (DISK,)
    assert not incident.same_error


def test_a_log_that_is_read_later_tells_its_new_error_then() -> None:
    """A new error in a log that is read later is posted then."""
    incident = told(failure(1, 0), failure(2, 1, log="late"))
    assert kinds(incident) == [PostKind.OPENING]
    assert incident is not None
    assert incident.lines == (COLUMN,)
    incident = with_log(incident, failure(2, 1, DISK), carded=False)
    assert kinds(incident) == [PostKind.OPENING, PostKind.NEW_ERROR]
    assert incident.lines == (DISK,)


def test_a_failure_before_a_newer_success_counts_and_does_not_reopen() -> None:
    """A failure whose log was read only after a newer success counts, but doesn't reopen the incident."""
    incident = told(failure(1, 0), success(2, 0.2), success(4, 0.6), failure(3, 0.4, DISK))
    assert incident is not None
    assert (incident.state, incident.failures, incident.reopened) == (IncidentState.RECOVERED, 2, ())
    assert incident.recovered_by is not None
    assert incident.recovered_by.run == 4
    again = told(failure(1, 0), success(2, 0.2), failure(3, 0.4, DISK))
    assert again is not None
    assert again.state is IncidentState.FAILING


def test_an_older_failure_counts_and_never_reopens() -> None:
    """A failure that is older than the recovery counts, but never reopens the incident."""
    incident = told(failure(2, 1), success(4, 3), failure(3, 2))
    assert incident is not None
    assert (incident.state, incident.failures) == (IncidentState.RECOVERED, 2)
    late = told(success(4, 3), failure(3, 2))
    assert late is not None
    assert late.state is IncidentState.RECOVERED
    assert late.recovered_by is not None


def test_a_failure_soon_after_the_recovery_reopens() -> None:
    """A failure soon after the recovery reopens the incident; one much later opens a new one."""
    incident = told(failure(1, 0), success(2, 0.5), failure(3, 1))
    assert incident is not None
    assert kinds(incident) == [PostKind.OPENING, PostKind.RECOVERED, PostKind.REOPENED]
    assert incident.state is IncidentState.FAILING
    again = told(failure(1, 0), success(2, 1), failure(3, 20))
    assert again is not None
    assert (again.failures, kinds(again)) == (1, [PostKind.OPENING])


def test_the_third_reopening_in_a_day_is_flapping_until_three_successes() -> None:
    """The third reopening in a day makes the incident flap until three successes in a row."""
    ends = [failure(1, 0), success(2, 0.2), failure(3, 0.4), success(4, 0.6), failure(5, 0.8), success(6, 1.0)]
    ends += [failure(7, 1.2)]
    incident = told(*ends)
    assert incident is not None
    assert incident.state is IncidentState.FLAPPING
    two = told(*ends, success(8, 1.4), success(9, 1.6))
    assert two is not None
    assert two.state is IncidentState.FLAPPING
    three = told(*ends, success(8, 1.4), success(9, 1.6), success(10, 1.8))
    assert three is not None
    assert (three.state, three.runs) == (IncidentState.RECOVERED, 10)


def test_a_failed_retry_is_no_further_failure() -> None:
    """A failed retry counts as a retry, not as another failure."""
    incident = told(failure(1, 0), failure(2, 1, parent=1))
    assert incident is not None
    assert (incident.failures, incident.retries) == (1, 1)


def test_runs_with_cards_are_told_by_their_cards_until_one_has_none() -> None:
    """An incident stays silent while all of its runs have cards, and opens at the first run without one."""
    silent = told(failure(1, 0), failure(2, 1), carded=frozenset({1, 2}))
    assert silent is not None
    assert (silent.silent, silent.failures, kinds(silent)) == (True, 2, [])
    told_now = told(failure(1, 0), failure(2, 1), carded=frozenset({1}))
    assert told_now is not None
    assert (told_now.silent, kinds(told_now)) == (False, [PostKind.OPENING])


def test_fifty_failures_of_one_error_are_one_post_with_one_mention() -> None:
    """Fifty failures with the same error are one post with one mention."""
    incident = told(*(failure(number, number / 60) for number in range(50)))
    assert incident is not None
    assert (incident.failures, kinds(incident), incident.same_error) == (50, [PostKind.OPENING], True)
    assert [post.mention for post in incident.posts] == [True]


def test_fifty_different_errors_are_ten_posts() -> None:
    """Fifty different errors make at most ten posts; the others are counted and remembered."""
    errors = [RunError(f"e{number}", "orders", f"error {number}") for number in range(50)]
    incident = told(*(failure(number, number / 60, error) for number, error in enumerate(errors)))
    assert incident is not None
    assert (incident.failures, len(incident.posts), len(incident.errors)) == (50, POSTS_MOST, 50)
    assert sum(post.mention for post in incident.posts) == 1


def test_only_the_newest_posts_are_kept_and_numbers_go_on() -> None:
    """Only the newest posts are kept, and their numbers go on, because a schedule may fail and recover for months."""
    ends = [end for day in range(40) for end in (failure(2 * day, day * 0.9), success(2 * day + 1, day * 0.9 + 0.4))]
    incident = told(*ends)
    assert incident is not None
    assert len(incident.posts) <= POSTS_KEPT
    numbers = [post.number for post in incident.posts]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert incident.next_post == numbers[-1] + 1
