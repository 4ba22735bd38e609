"""Type-ahead over schedules: the best matches for the typed text, and the description of each.

Pure, and fast enough for every keystroke: a list is prepared once, and 2,000 schedules are searched in milliseconds.

`bot.flows.complete_run_form` decides how old the list may be.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rapidfuzz import fuzz, process

from bot.core.model.bolt import Schedule
from bot.core.model.run import is_failed
from bot.core.model.state_labels import state_word
from bot.core.text.name_folding import fold
from bot.core.text.text import cut

# Slack's limits (docs.slack.dev, Block Kit reference: select menus and option objects).
MOST = 100
TEXT = 75
# Slack's own sources disagree on an option's value: 75 or 150.
VALUE = 75
# Before anything is typed: this many failed schedules, then those that ran last.
FAILING_FIRST = 15
# If fewer match the typed text, similarly spelled ones are added.
FEW = 10
NEAR_ENOUGH = 72

# Masks the secrets in a text.
Mask = Callable[[str], str]

_WORD = re.compile(r"\w+")
_WHITE = re.compile(r"\s+")
# Control characters, and direction marks, with which a name could visually rewrite the text next to it.
_UNSHOWABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Offer:
    """A schedule as a menu option: its name, its description, and the handle that choosing it returns."""

    handle: str
    text: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Offers:
    """Options of a menu: groups with headings. A search has one group, without a heading."""

    groups: tuple[tuple[str, tuple[Offer, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    schedule: Schedule
    names: tuple[str, str]
    words: tuple[str, ...]
    words_and_owner: tuple[str, ...]
    everything: str


@dataclass(frozen=True, slots=True)
class Index:
    """A searchable list of schedules. `rows` are sorted by last run, newest first; `twins` are duplicate slugs."""

    rows: tuple[_Row, ...] = ()
    twins: frozenset[str] = frozenset()

    @classmethod
    def from_schedules(cls, schedules: Iterable[Schedule]) -> Index:
        """Prepare a list."""
        newest_first = sorted(schedules, key=lambda one: one.last_run_at or _LONG_AGO, reverse=True)
        rows = tuple(map(_row, newest_first))
        counted = Counter(row.schedule.slug for row in rows)
        return cls(rows, frozenset(slug for slug, count in counted.items() if count > 1))

    def by_handle(self, handle: str) -> Schedule | None:
        """Find the schedule of a handle. Returns None if it isn't in the list."""
        return next((row.schedule for row in self.rows if self.handle(row.schedule) == handle), None)

    def handle(self, schedule: Schedule) -> str:
        """The value of an option: the slug, or the id if the slug is empty, too long, odd or not unique."""
        slug = schedule.slug
        odd = one_line(slug) != slug or slug.startswith("#") or slug in self.twins
        return f"#{schedule.id}" if odd or not slug or _length(slug) > VALUE else slug

    def offer(self, schedule: Schedule, mask: Mask = str) -> Offer:
        """Format a schedule as an option. Texts are masked first, because half a secret isn't recognized."""
        name, slug, owner = (mask(one_line(text)) for text in (schedule.name, schedule.slug, schedule.owner or ""))
        about = [_stands(schedule), slug, owner]
        return Offer(self.handle(schedule), _fit(name or slug or "–"), _fit(" · ".join(filter(None, about))))

    def offers(self, typed: str, mask: Mask = str) -> Offers:
        """Find the options for the typed text. If it's empty, offer failed schedules and those that ran last."""
        wanted = fold(typed)
        if wanted:
            found = tuple(self.offer(row.schedule, mask) for row in self._search(wanted))
            return Offers((("", found),) if found else ())
        failing = [row.schedule for row in self.rows if is_failed(row.schedule.last_run_state or "")][:FAILING_FIRST]
        first = {one.id for one in failing}
        others = [row.schedule for row in self.rows if row.schedule.id not in first][: MOST - len(failing)]
        groups = (("Last run failed", failing), ("Most recent runs", others))
        return Offers(
            tuple((heading, tuple(self.offer(one, mask) for one in ones)) for heading, ones in groups if ones)
        )

    def _search(self, wanted: str) -> list[_Row]:
        words = _WORD.findall(wanted) or [wanted]
        ranked = [(rank, row) for row in self.rows if (rank := _rank(row, wanted, words)) is not None]
        # The sort is stable: schedules of equal rank stay in the order of their last runs.
        found = [row for _, row in sorted(ranked, key=lambda pair: pair[0])][:MOST]
        return found if len(found) >= FEW else [*found, *self._alike(wanted, found)]

    def _alike(self, wanted: str, found: Sequence[_Row]) -> list[_Row]:
        """Similarly spelled schedules, the most similar first, for typos."""
        known = {id(row) for row in found}
        best: dict[int, float] = {}
        for at in (0, 1):
            names = [row.names[at] for row in self.rows]
            for _, likeness, number in process.extract(
                wanted, names, scorer=fuzz.WRatio, score_cutoff=NEAR_ENOUGH, limit=MOST
            ):
                best[number] = max(likeness, best.get(number, 0.0))
        nearest = sorted(best, key=lambda number: best[number], reverse=True)
        return [self.rows[number] for number in nearest if id(self.rows[number]) not in known][: FEW - len(found)]


def _stands(schedule: Schedule) -> str:
    """The state of a schedule's latest run, and whether the schedule is paused."""
    word = state_word(one_line(schedule.last_run_state or "") or None)
    return f"{word}, paused" if schedule.suspended else word


def one_line(text: str) -> str:
    """Put untrusted text on one line, without invisible characters that would affect the text next to it."""
    return _WHITE.sub(" ", _UNSHOWABLE.sub("", text)).strip()


def _row(schedule: Schedule) -> _Row:
    name, slug, owner = fold(schedule.name), fold(schedule.slug), fold(schedule.owner or "")
    words = (*_WORD.findall(name), *_WORD.findall(slug))
    return _Row(schedule, (name, slug), words, (*words, *_WORD.findall(owner)), f"{name}\n{slug}\n{owner}")


def _rank(row: _Row, wanted: str, words: Sequence[str]) -> int | None:
    """Rank how well a schedule matches the typed text, 0 best. Returns None if it doesn't match."""
    if wanted in row.names:
        return 0
    if row.names[0].startswith(wanted) or row.names[1].startswith(wanted):
        return 1
    # Most schedules are dismissed here, which keeps the search fast.
    if not all(word in row.everything for word in words):
        return None
    if all(any(one.startswith(word) for one in row.words) for word in words):
        return 2
    if all(any(one.startswith(word) for one in row.words_and_owner) for word in words):
        return 3
    return 4


def _fit(text: str) -> str:
    """Cut a text to at most 75 characters by Slack's count."""
    while _length(text) > TEXT:
        text = cut(text, len(text) - (_length(text) - TEXT + 1) // 2)
    return text


def _length(text: str) -> int:
    """Length as JavaScript counts it: an emoji may count as two."""
    return len(text.encode("utf-16-le")) // 2
