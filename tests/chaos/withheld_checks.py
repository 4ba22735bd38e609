"""Promises about withheld messages and about digests. Each check yields the violations it finds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

from tests.chaos.seen import EndSeen, IncidentSeen, Notice, Seen
from tests.chaos.violation import Found, Violation
from tests.chaos.watch_checks import ends_of, may_be_twice, told_later
from tests.chaos.watch_plan import PREFIX

# Posts that are on their way when quiet hours begin may take this long, on the slowest machine.
QUIET_SLACK_S = 5.0
QUIET_ENDS_SLACK_S = 0.5
STOP_SLACK_S = 1.0
LISTS = ("quiet:", "gap:", "back:")
DIGEST, GAP = "report:", "gap:"


def each_failure_is_told(seen: Seen) -> Found:
    """An incident without a message is shown on a card, or in a list of withheld ones that's posted after its end."""
    shown = {(one.channel, one.ts) for one in seen.watched.notices if not one.thread}
    for incident in seen.watched.incidents:
        if incident.withheld:
            yield Violation("still withheld", f"{incident.key} ({incident.state})")
        bare = incident.carded or incident.snoozed_ever or incident.seen_before or incident.state == "closed"
        bare = bare or incident.channel in told_later(seen)
        if bare or incident.outage or (incident.channel, incident.ts) in shown:
            continue
        failed = [one for one in ends_of(seen, incident) if one.failed and one.run in incident.recent]
        lists = [one for one in _lists(seen, incident.channel) if failed and _names(one, incident, failed[-1])]
        if failed and not lists:
            yield Violation("untold", f"{incident.key} ({incident.state}), run {failed[-1].run} is in no message")


def _lists(seen: Seen, channel: str) -> list[Notice]:
    return [
        one for one in seen.watched.notices if one.channel == channel and not one.thread and one.key.startswith(LISTS)
    ]


def _names(notice: Notice, incident: IncidentSeen, end: EndSeen) -> bool:
    """Whether a list mentions an end: by the schedule's name or, when the bot is back, in a count."""
    if notice.key.startswith("quiet:") or incident.is_open or notice.key.startswith(GAP):
        named = re.search(rf"\b{re.escape(incident.name)}\b", notice.text) is not None
    else:
        named = "failed and recovered" in notice.text or incident.name in notice.text
    return named and float(notice.ts) >= end.over_at


def nothing_is_posted_while_quiet(seen: Seen) -> Found:
    """In quiet hours, no incident's message or thread post appears, unless Slack applied its call late."""
    for spell in seen.watched.quiet:
        begins, ends = spell.since + QUIET_SLACK_S, spell.until - QUIET_ENDS_SLACK_S
        for one in seen.watched.notices:
            is_news = one.channel == spell.channel and not one.key.startswith((DIGEST, "back:"))
            if is_news and begins < float(one.ts) < ends and not may_be_twice(seen, one.key, [one]):
                yield Violation("posted while quiet", f"{one.key} at {one.ts}, quiet since {spell.since}")


def each_list_is_posted_once(seen: Seen) -> Found:
    """Each list of withheld incidents and each day's digest is posted once."""
    keys = Counter(one.key for one in seen.watched.notices if one.key.startswith((*LISTS, DIGEST)))
    for key, times in keys.items():
        notices = [one for one in seen.watched.notices if one.key == key]
        if times > 1 and not may_be_twice(seen, key, notices):
            yield Violation("listed twice", f"{key}: {[one.ts for one in notices]}")


def digests_are_there(seen: Seen) -> Found:
    """A digest is posted at its time, unless nothing is watched there or Slack's reply was lost."""
    there = {one.key for one in seen.watched.notices}
    watching = {one.channel for one in seen.watched.watches}
    for digest in seen.watched.digests:
        struck = any(one.about == digest.key for one in seen.struck)
        away = digest.channel in _not_always_there(seen)
        if digest.key in there or struck or away or digest.channel not in watching:
            continue
        yield Violation("no digest", f"{digest.key}: {digest.post or 'not posted'}")


def each_gap_has_its_account(seen: Seen) -> Found:
    """Each channel that watched during a gap has a message about it, unless it stopped watching or the bot was away."""
    for gap in seen.watched.gaps:
        elsewhere = gap.channel in _not_always_there(seen)
        accounts = [one for one in _lists(seen, gap.channel) if one.key.startswith(GAP) and float(one.ts) > gap.since]
        if not accounts and not elsewhere:
            yield Violation("gap untold", f"{gap.channel}: from {gap.since} to {gap.until}")


def _not_always_there(seen: Seen) -> set[str]:
    """The channels that stopped watching, or that the bot was removed from."""
    return {one.channel for one in seen.watched.absences} | {one.channel for one in seen.watched.stops}


def nothing_is_told_after_unwatch(seen: Seen) -> Found:
    """Runs that end after a watch was stopped aren't counted, and its incident is closed."""
    watched = {(one.channel, one.schedule): one.since for one in seen.watched.watches}
    ends = {one.run: one for one in seen.watched.ends}
    for stop in seen.watched.stops:
        for incident in seen.watched.incidents:
            since = watched.get((incident.channel, incident.schedule))
            if incident.channel != stop.channel:
                continue
            if since is None and (incident.is_open or incident.listed):
                yield Violation("not closed", f"{incident.key} is {incident.state}, unwatched at {stop.seen_at}")
            after = [
                run
                for run in incident.recent
                if run in ends and ends[run].at > stop.at + STOP_SLACK_S and (since is None or ends[run].at <= since)
            ]
            if after and not incident.seen_before:
                yield Violation("told after unwatch", f"{incident.key}: runs {after}, unwatched at {stop.at}")


def digests_count_each_end_once(seen: Seen) -> Found:
    """Digests count every run since a schedule's first watch, unless a watch was stopped meanwhile."""
    since: dict[str, float] = {}
    for watch in seen.watched.watches:
        since[watch.schedule] = min(watch.since, since.get(watch.schedule, watch.since))
    for schedule, begun in since.items():
        # After a stop, it isn't known who else watched. Schedules that people start here aren't affected by stops.
        if seen.watched.stops and schedule.startswith(PREFIX):
            continue
        ends = [one for one in seen.watched.ends if one.schedule == schedule and one.counted and one.at > begun]
        wanted = len(ends), sum(one.failed for one in ends)
        tally = next((one for one in seen.watched.tallies if one.schedule == schedule), None)
        if wanted != ((tally.runs, tally.failures) if tally else (0, 0)):
            yield Violation("wrong tally", f"{schedule}: {tally}, in Bolt {wanted}: {sorted(one.run for one in ends)}")


def one_retry_at_a_time(seen: Seen) -> Found:
    """A schedule isn't retried while another retry of ours is running, unless its start had been lost."""
    ours: dict[str, list[EndSeen]] = {}
    for end in seen.watched.ends:
        if end.retried:
            ours.setdefault(end.schedule, []).append(end)
    for schedule, ends in ours.items():
        ordered = sorted(ends, key=lambda one: one.started)
        for one, other in pairwise(ordered):
            lost = any(each.target == "retry" and each.about == str(one.retried) for each in seen.struck)
            if other.started < one.at and not lost:
                yield Violation("retried twice", f"{schedule}: runs {one.run} and {other.run}")


WITHHELD_CHECKS: tuple[Callable[[Seen], Found], ...] = (
    each_failure_is_told,
    nothing_is_posted_while_quiet,
    each_list_is_posted_once,
    digests_are_there,
    each_gap_has_its_account,
    nothing_is_told_after_unwatch,
    digests_count_each_end_once,
    one_retry_at_a_time,
)
