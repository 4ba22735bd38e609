"""Promises about watches, as pure functions of what was seen. Each yields the violations it finds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable

from bot.core.model.incident import POSTS_MOST
from bot.core.watching.edits import is_step
from tests.chaos.seen import EndSeen, IncidentSeen, Left, Notice, PostSeen, Seen, Spell
from tests.chaos.violation import Found, Violation

# Tolerance for calls that took effect after their timeout, and for processes that were stopped for a while.
PAUSE_SLACK_S = 8.0
NEW_ERRORS = ("opening", "new_error", "reopened", "still_failing")
COUNTS = {
    "failing": re.compile(r"is failing(?: again)?: (\d+) runs?(?: and (\d+) retr)?"),
    "flapping": re.compile(r"is flapping: (\d+)() of \d+ runs? failed"),
    "recovered": re.compile(r"recovered after (?:at least )?(\d+) failures?(?: and (\d+) retr)?"),
}
WORDS = {
    "failing": (":red_circle:",),
    "flapping": (":large_orange_circle:", "is flapping"),
    "recovered": (":white_check_mark:", "recovered"),
    "closed": (":white_circle:",),
}
FAILING_NOW = re.compile(r"(\d+) schedules?\*? failing")
RETRIED, ON_IT, SNOOZED = "Being retried as", "is on it", "Snoozed"
# The words of a post whose log follows in another post.
LOG_FOLLOWS = "I'll post it here once it is."
# Due sets in which members may stay when all work is done: looks, checks of channels, clocks of incidents and
# schedules.
STAYING = ("due:discovery", "due:looks", "due:incidents", "due:outages", "due:channels", "due:late", "due:slow")
# A digest that's due within this many seconds still has to be posted before a seed is done.
DIGEST_SOON_S = 600.0


def ends_of(seen: Seen, incident: IncidentSeen) -> list[EndSeen]:
    """The ends that count for an incident's channel, in order."""
    watch = next(
        (one for one in seen.watched.watches if (one.channel, one.schedule) == (incident.channel, incident.schedule)),
        None,
    )
    if watch is None:
        return []
    ends = (one for one in seen.watched.ends if one.schedule == incident.schedule and one.at > watch.since)
    return sorted((one for one in ends if one.failed or one.succeeded), key=lambda one: (one.at, one.started, one.run))


def each_end_is_counted_once(seen: Seen) -> Found:
    """Since its channel began to watch, an incident counts each failed run exactly once, and no other run."""
    known = {(one.channel, one.schedule): one for one in seen.watched.incidents}
    for watch in seen.watched.watches:
        incident = known.get((watch.channel, watch.schedule))
        bare = incident or IncidentSeen(watch.channel, watch.schedule, failures=0, listed=False)
        failed = {one.run for one in ends_of(seen, bare) if one.failed}
        if incident is None:
            if failed:
                yield Violation("no incident", f"{watch.channel} {watch.schedule}: runs {sorted(failed)} failed")
            continue
        before = {one.run for one in seen.watched.ends if one.schedule == watch.schedule and one.at <= watch.since}
        # Whether the schedule was watched before, or had already failed.
        knows = incident.seen_before or any(one.channel == watch.channel for one in seen.watched.stops)
        twice = sorted(run for run, times in Counter(incident.recent).items() if times > 1)
        if twice:
            yield Violation("counted twice", f"{incident.key}: runs {twice}")
        counted = {one.run for one in seen.watched.ends if one.failed and one.run in incident.recent}
        wrong = (counted - failed - (before if knows else set())) | (failed - counted)
        if wrong or incident.failures + incident.retries != len(counted):
            told = f"{incident.failures} failures and {incident.retries} retries"
            yield Violation(
                "wrong count",
                f"{incident.key}: {told}, {sorted(counted)}; in Bolt {sorted(failed)} since {watch.since}",
            )


def the_newest_end_decides(seen: Seen) -> Found:
    """A schedule is failing if its newest run failed; a flapping schedule is failing until three successes in a row."""
    for incident in seen.watched.incidents:
        ends = ends_of(seen, incident)
        if not ends or incident.state == "closed":
            continue
        last = [one.succeeded for one in ends[-3:]]
        is_open = not last[-1] or (incident.state == "flapping" and last != [True, True, True])
        if incident.is_open != is_open:
            yield Violation("wrong state", f"{incident.key} is {incident.state}, run {ends[-1].run} is the newest")
        if incident.listed != incident.is_open:
            yield Violation("wrongly listed", f"{incident.key} is {incident.state}, listed as open: {incident.listed}")


def one_message_an_incident(seen: Seen) -> Found:
    """Each incident has one message, unless its runs have cards, it's part of an outage, or it's snoozed."""
    known = {one.key: one for one in seen.watched.incidents}
    shown = _by_key(seen, "")
    for key, notices in shown.items():
        if key.startswith("incident:") and key.count(":") == 3 and key not in known and not is_earlier(seen, key):
            yield Violation("message of nothing", f"{key}: {notices[0].text[:120]}")
        if len(notices) > 1 and not may_be_twice(seen, key, notices):
            yield Violation("two messages", f"{key}: {[one.ts for one in notices]}")
    for incident in known.values():
        if incident.silent or incident.outage or incident.snoozed_ever or incident.state == "closed":
            continue
        if incident.channel in told_later(seen):
            continue
        if not any(one.ts == incident.ts for one in shown.get(incident.key, [])):
            yield Violation("no message", f"{incident.key} ({incident.state}), {incident.ts or 'none posted'}")


def messages_are_newest(seen: Seen) -> Found:
    """A message shows its incident's current state, except for a count between two steps or a queued edit."""
    shown = {(one.channel, one.ts): one.text for one in seen.watched.notices if not one.thread}
    over = {one.run for one in seen.watched.ends}
    for incident in seen.watched.incidents:
        text = shown.get((incident.channel, incident.ts))
        if text is None or incident.outage:
            continue
        stale = [words for words in WORDS[incident.state] if words not in text]
        stale += _wrong_words(incident, text) if incident.is_open else []
        if stale or not _is_counted(incident, text):
            now = f"{incident.failures} failures and {incident.retries} retries"
            yield Violation("stale message", f"{incident.key} is {incident.state}, {now} ({stale}): {text[:200]}")
        if RETRIED in text and incident.retry in over:
            yield Violation("endless retry", f"{incident.key}: run {incident.retry} is over")


def _wrong_words(incident: IncidentSeen, text: str) -> list[str]:
    wanted = {ON_IT: incident.on_it, SNOOZED: incident.snoozed}
    return [words for words, there in wanted.items() if there != (words in text)]


def _is_counted(incident: IncidentSeen, text: str) -> bool:
    """Whether the shown count is recent enough."""
    if incident.state == "closed" or (incident.state == "failing" and incident.seen_before):
        return True
    total, found = incident.failures + incident.retries, COUNTS[incident.state].search(text)
    shown = sum(int(one or 0) for one in found.groups()) if found else 1
    if shown > total:
        return False
    return incident.waits or not any(is_step(number) for number in range(shown + 1, total + 1))


def posts_are_there_once(seen: Seen) -> Found:
    """Each post of an incident, and each log that a post promises, is in its thread once, and no other post is."""
    posts = Counter(
        one.key for one in seen.watched.notices if one.key.startswith("incident:") and one.key.count(":") == 4
    )
    promising = {one.key for one in seen.watched.notices if LOG_FOLLOWS in one.text}
    wanted: set[str] = set()
    for incident in seen.watched.incidents:
        for post in incident.posts:
            key = f"{incident.key}:{post.number}"
            keys = {key, f"{incident.key}:late-{post.number}"} if key in promising else {key}
            wanted |= keys
            bare = incident.snoozed_ever or incident.outage or incident.state == "closed" or post.withdrawn
            bare = bare or _is_overtaken(incident, post)
            for missing in sorted(one for one in keys if posts[one] == 0):
                if not bare and incident.channel not in told_later(seen):
                    yield Violation("post missing", f"{missing} ({post.kind} of run {post.run})")
    for key, times in posts.items():
        there = [one for one in seen.watched.notices if one.key == key]
        if key not in wanted and not is_earlier(seen, key):
            yield Violation("post of nothing", f"{key}: {there[0].text[:120]}")
        if times > 1 and not may_be_twice(seen, key, there):
            yield Violation("posted twice", f"{key}: {[one.ts for one in there]}")


def each_error_is_told_once(seen: Seen) -> Found:
    """An incident has one opening, and one post for each new error."""
    for incident in seen.watched.incidents:
        openings = [one for one in incident.posts if one.kind == "opening" and not one.withdrawn]
        begun = incident.silent or any(one.kind == "opening" for one in incident.posts)
        if len(openings) > 1 or not begun:
            yield Violation("wrong openings", f"{incident.key}: {[one.number for one in openings]}")
        posted = [one for one in incident.posts if one.kind in NEW_ERRORS and not one.withdrawn]
        told = Counter(error for one in posted for error in one.errors)
        twice = [error for error, times in told.items() if times > 1]
        if twice:
            yield Violation("error told twice", f"{incident.key}: {twice}")
        # The opening's excerpt shows its errors if they weren't known when it was planned.
        known = bool(openings) and bool(openings[0].errors)
        bare = incident.carded or incident.snoozed_ever or incident.seen_before or len(incident.posts) >= POSTS_MOST
        # Withheld reports are listed in a message, and the message at the bot's return doesn't name errors.
        bare = bare or any(one.withdrawn for one in incident.posts)
        bare = bare or any(one.channel == incident.channel for one in (*seen.watched.quiet, *seen.watched.gaps))
        untold = [error for error in incident.errors if error not in told]
        if untold and known and not bare:
            yield Violation("error untold", f"{incident.key}: {untold}")


def outages_are_newest(seen: Seen) -> Found:
    """An outage has one message, which says how many of its schedules are failing."""
    shown = _by_key(seen, "")
    names = {(one.channel, one.outage) for one in seen.watched.incidents if one.outage}
    for channel, number in sorted(names):
        notices = shown.get(f"outage:{channel}:{number}", [])
        failing = sum(one.is_open for one in seen.watched.incidents if (one.channel, one.outage) == (channel, number))
        if not notices:
            yield Violation("no outage", f"outage:{channel}:{number}, {failing} failing")
            continue
        found = FAILING_NOW.search(notices[0].text)
        if (int(found[1]) if found else 0) != failing:
            yield Violation("stale outage", f"outage:{channel}:{number}, {failing} failing: {notices[0].text[:160]}")


def is_earlier(seen: Seen, key: str) -> bool:
    """Whether this is the key of an incident that a newer incident of the same schedule has replaced."""
    _, channel, schedule, serial, *_ = key.split(":")
    newest = (one for one in seen.watched.incidents if (one.channel, one.schedule) == (channel, schedule))
    return any(int(serial) < one.serial for one in newest)


def _by_key(seen: Seen, thread: str) -> dict[str, list[Notice]]:
    found: dict[str, list[Notice]] = {}
    for one in seen.watched.notices:
        # A post in the channel, because its incident has no message.
        if one.thread == thread and not (one.key.startswith("incident:") and one.key.count(":") == 4):
            found.setdefault(one.key, []).append(one)
    return found


def _is_overtaken(incident: IncidentSeen, post: PostSeen) -> bool:
    """Whether it's a recovery from before the incident's first message, which is posted at once or not at all."""
    return post.kind == "recovered" and any(
        one.kind == "opening" and one.number > post.number for one in incident.posts
    )


def may_be_twice(seen: Seen, key: str, notices: list[Notice]) -> bool:
    """Whether a post may be there twice: if a call took effect late or a process paused, not if a reply was lost."""
    if any(one.about == key and one.how == "late" for one in seen.struck):
        return True
    times = sorted(float(one.ts) for one in notices)
    pauses = [one for one in seen.upsets if one.what == "pause"]
    return any(one.since - PAUSE_SLACK_S <= times[-1] and times[0] <= one.until + PAUSE_SLACK_S for one in pauses)


def waits_for_channel(absences: Iterable[Spell], left: Left) -> bool:
    """Whether it's a post that Slack refused because the bot wasn't in the channel: it's tried again after ten minutes.

    If the bot was back before anybody checked, nothing else shows that the channel accepts messages again.
    """
    channel = left.set_name.rpartition(":")[2]
    return left.set_name.startswith("posts:") and left.due_in > 0 and any(one.channel == channel for one in absences)


def told_later(seen: Seen) -> set[str]:
    """The channels in which refused posts are waiting to be tried again."""
    waiting = (one for one in seen.left if waits_for_channel(seen.watched.absences, one))
    return {one.set_name.rpartition(":")[2] for one in waiting}


def stays(left: Left) -> bool:
    """Whether this stays while channels watch: discovery's members, and edits of counts that aren't due yet."""
    if left.set_name == "due:reports":
        return left.due_in > DIGEST_SOON_S
    if left.set_name in STAYING:
        return left.set_name == "due:discovery" or left.due_in > 0
    return left.set_name.startswith("edits:count:") and left.due_in > 0


WATCH_CHECKS: tuple[Callable[[Seen], Found], ...] = (
    each_end_is_counted_once,
    the_newest_end_decides,
    one_message_an_incident,
    messages_are_newest,
    posts_are_there_once,
    each_error_is_told_once,
    outages_are_newest,
)
