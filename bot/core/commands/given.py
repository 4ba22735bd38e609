"""What stands after a verb, and which schedule, run or runs it names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from bot.core.commands.talk import LAST
from bot.core.commands.tokens import ENDINGS, RUN_ID, RUN_LINK, Token, bad
from bot.core.commands.values import SCHEDULE_LIMIT, bounded, positive

# More commands than this no run has; a larger number is a run's.
COMMAND_NUMBER_MOST = 200
# So many runs may be named in one command.
RUNS_MOST = 10


@dataclass(frozen=True, slots=True)
class Given:
    """What stands behind a verb: words in a row, and options by name. `run_id` is that of the thread one is in."""

    verb: str
    command: str
    words: tuple[Token, ...]
    options: dict[str, list[str]] = field(default_factory=dict)
    run_id: int | None = None

    @property
    def text(self) -> str:
        """The words in a row."""
        return " ".join(" ".join(word.text for word in self.words).split())

    def has(self, flag: str) -> bool:
        """Whether a flag is given."""
        return flag in self.options


def schedule_of(given: Given) -> str:
    """The schedule that is named. Raises BadCommand if there's none."""
    if not given.words:
        bad(f"Which schedule? Name one, as in {given.command} {given.verb} nightly.")
    return bounded("The schedule's name", given.text, SCHEDULE_LIMIT)


def run_number(given: Given) -> int | None:
    """The run that is named, or that of the thread; None where a schedule is named."""
    if not given.words:
        return given.run_id
    if any(word.quoted and not word.code for word in given.words):
        return None
    number = number_of_run(given.text)
    if number is None and _looks_like_a_run(given.text):
        bad(f"{given.verb} needs a run number, as in {given.command} {given.verb} 4711.")
    return number


def number_of_run(text: str) -> int | None:
    """The run of a number, `#4711`, `run 4711` or a link; None if it's none of these."""
    text = text.rstrip(ENDINGS)
    found = RUN_ID.search(text) or RUN_LINK.search(text)
    return positive(found[1]) if found else None


def run_id_of(given: Given) -> int:
    """The run that is named, else the thread's. Raises BadCommand if there's neither."""
    number = number_of_run(given.text) if given.words else given.run_id
    if number is None:
        bad(f"{given.verb} needs a run number, as in {given.command} {given.verb} 4711.")
    return number


def command_number(digits: str) -> int | None:
    """The number of a run's command, None if it's none that a run may have."""
    number = positive(digits)
    return number if number is not None and number <= COMMAND_NUMBER_MOST else None


def several_runs(given: Given) -> tuple[int, ...]:
    """The runs if more than one is named, each once: with commas, spaces or `and` between them. Raises BadCommand above ten."""
    if any(word.quoted and not word.code for word in given.words):
        return ()
    named = [word for word in re.split(r"[\s,;]+", given.text) if word.lower() not in {"", "and", "&", "run", "runs"}]
    numbers = [number_of_run(word) for word in named]
    found = tuple(dict.fromkeys(number for number in numbers if number is not None))
    if None in numbers or len(numbers) < 2:
        return ()
    if len(found) > RUNS_MOST:
        bad(f"That's {len(found)} runs; name {RUNS_MOST} at most.")
    return found if len(found) > 1 else ()


def names_a_schedule(given: Given) -> bool:
    """Whether words name a schedule or the latest run, not a run by its number."""
    if any(word.quoted and not word.code for word in given.words):
        return True
    first = given.text.partition(" ")[0]
    return any(one.isalpha() for one in given.text) and not any(
        map(_looks_like_a_run, (given.text, first, _head(given)))
    )


def _head(given: Given) -> str:
    return given.text.rpartition(" ")[0]


def is_latest(given: Given) -> bool:
    """Whether `last` is all that's named."""
    return len(given.words) == 1 and not given.words[0].quoted and given.words[0].text.lower().rstrip(ENDINGS) in LAST


def name_and_number(given: Given) -> tuple[str | None, int | None]:
    """A schedule and the number of a command, which follows `last` or a name in quotes."""
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
