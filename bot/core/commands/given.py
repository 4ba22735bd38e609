"""The arguments of a verb, and the schedule, run or runs that they name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from bot.core.commands.talk import LAST
from bot.core.commands.tokens import ENDINGS, RUN_ID, RUN_LINK, Token, bad
from bot.core.commands.values import SCHEDULE_LIMIT, bounded, positive

# No run has more commands than this; a larger number is a run id.
COMMAND_NUMBER_MOST = 200
# The maximum number of runs that one command may name.
RUNS_MOST = 10


@dataclass(frozen=True, slots=True)
class Given:
    """The arguments of a verb: positional words, and options by name. `run_id` is the run of the current thread."""

    verb: str
    prefix: str
    words: tuple[Token, ...]
    options: dict[str, list[str]] = field(default_factory=dict)
    run_id: int | None = None

    @property
    def text(self) -> str:
        """The positional words, joined by single spaces."""
        return " ".join(" ".join(word.text for word in self.words).split())

    def has(self, flag: str) -> bool:
        """Whether a flag is given."""
        return flag in self.options


def schedule_of(given: Given) -> str:
    """The name of the schedule. Raises BadCommand if there is none."""
    if not given.words:
        bad(f"Which schedule? Name one, as in {given.prefix} {given.verb} nightly.")
    return bounded("The schedule's name", given.text, SCHEDULE_LIMIT)


def run_number(given: Given) -> int | None:
    """The run that is named, or else the thread's; None if a schedule is named.

    Raises BadCommand if a run's number is followed by anything else.
    """
    if not given.words:
        return given.run_id
    if any(word.quoted and not word.code for word in given.words):
        return None
    number = number_of_run(given.text)
    if number is None and _looks_like_a_run(given.text):
        bad(f"{given.verb} needs a run number, as in {given.prefix} {given.verb} 4711.")
    return number


def number_of_run(text: str) -> int | None:
    """Parse a run id: a number, `#4711`, `run 4711` or a link. Returns None if it's none of these."""
    text = text.rstrip(ENDINGS)
    found = RUN_ID.search(text) or RUN_LINK.search(text)
    return positive(found[1]) if found else None


def run_id_of(given: Given) -> int:
    """The run that is named, or else the thread's. Raises BadCommand if there's no run."""
    number = number_of_run(given.text) if given.words else given.run_id
    if number is None:
        bad(f"{given.verb} needs a run number, as in {given.prefix} {given.verb} 4711.")
    return number


def command_number(digits: str) -> int | None:
    """Parse the number of a command within a run. Returns None if no run can have that many commands."""
    number = positive(digits)
    return number if number is not None and number <= COMMAND_NUMBER_MOST else None


def several_runs(given: Given) -> tuple[int, ...]:
    """The runs, without duplicates, if more than one is named; otherwise empty.

    Commas, spaces or `and` separate them. Raises BadCommand above RUNS_MOST.
    """
    if any(word.quoted and not word.code for word in given.words):
        return ()
    named = [word for word in re.split(r"[\s,;]+", given.text) if word.lower() not in {"", "and", "&", "run", "runs"}]
    numbers = [number_of_run(word) for word in named]
    found = tuple(dict.fromkeys(number for number in numbers if number is not None))
    if None in numbers or len(numbers) < 2:
        return ()
    if len(found) > RUNS_MOST:
        bad(f"That's {len(found)} runs. The limit is {RUNS_MOST}.")
    return found if len(found) > 1 else ()


def names_a_schedule(given: Given) -> bool:
    """Whether the words name a schedule or the latest run, rather than a run by its id."""
    if any(word.quoted and not word.code for word in given.words):
        return True
    first = given.text.partition(" ")[0]
    return any(one.isalpha() for one in given.text) and not any(
        map(_looks_like_a_run, (given.text, first, _head(given)))
    )


def _head(given: Given) -> str:
    return given.text.rpartition(" ")[0]


def is_latest(given: Given) -> bool:
    """Whether `last` or a synonym is the only word."""
    return len(given.words) == 1 and not given.words[0].quoted and given.words[0].text.lower().rstrip(ENDINGS) in LAST


def name_and_number(given: Given) -> tuple[str | None, int | None]:
    """A schedule, and the number of a command after `last` or a quoted name. The schedule is None for `last`."""
    *before, last = given.words
    number = None if last.quoted else command_number(last.text)
    if (
        number
        and before
        and (all(word.quoted for word in before) or (len(before) == 1 and before[0].text.lower() in LAST))
    ):
        given = replace(given, words=tuple(before))
    else:
        number = None
    return (None if is_latest(given) else schedule_of(given)), number


def _looks_like_a_run(text: str) -> bool:
    return bool(RUN_ID.search(text) or RUN_LINK.search(text))
