"""Resolving guesses into offers. Pure: needs the schedules and, for questions about runs, their newest runs.

Only a clear request (an acting verb with a schedule or run, and no unknown words) is offered as an action. For
questions, negations and statements, only *Status* and *Logs* are offered.

The answers are worded in `bot.core.views.guess`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.core.commands import talk
from bot.core.commands.guess import Guess, acts
from bot.core.commands.tokens import ENDINGS, RUN_ID, RUN_LINK, Token
from bot.core.model.bolt import RunSummary, Schedule
from bot.core.model.command import (
    ArtifactsCommand,
    CancelCommand,
    Command,
    HistoryCommand,
    LatestRunCommand,
    ListCommand,
    LogsCommand,
    PauseCommand,
    RetryCommand,
    RunCommand,
    RunsCommand,
    SeveralCommand,
    ShowCommand,
    StartCommand,
    StatusCommand,
    UnwatchCommand,
    WatchCommand,
)
from bot.core.model.run import is_failed, is_final
from bot.core.schedules.lookup import NamedSchedule, mistyped, named_in, schedules_called
from bot.core.text.text import cut

OFFERED_MOST = 5
NEAR_MOST = 3
# In a sentence, a number is a run id if it has at least this many digits, or follows `#` or `run`.
DIGITS_LEAST = 3
BOLT_ID_LIMIT = 2**31


@dataclass(frozen=True, slots=True)
class OfferedCommand:
    """A command offered as a button. `label` says everything that it does: run, schedule, options."""

    label: str
    command: Command


@dataclass(frozen=True, slots=True)
class Options:
    """Options of a request besides the schedule or run."""

    branch: str | None = None
    pull_request: int | None = None
    every: bool = False


@dataclass(frozen=True, slots=True)
class Meaning:
    """Meaning of a guess. Without a `verb` it asks for nothing specific; then *Status* and *Logs* are offered.

    `command` only reads, so it can be carried out right away. `near`: the name of the schedule is mistyped.
    """

    verb: str | None = None
    schedules: tuple[Schedule, ...] = ()
    run_ids: tuple[int, ...] = ()
    options: Options = field(default_factory=Options)
    command: Command | None = None
    offers: tuple[OfferedCommand, ...] = ()
    near: bool = False

    @property
    def needs_runs(self) -> bool:
        """Whether making offers needs the newest runs of its schedules."""
        return self.verb in {"cancel", "retry"} and not self.offers


def resolve(guess: Guess, schedules: Sequence[Schedule]) -> Meaning:
    """Resolve a guess against the names of the schedules."""
    if guess.literal is not None and (known := _literal(guess.literal, schedules)):
        return known
    meaning = _among(guess.words, schedules)
    if guess.literal is not None and not acts(guess.literal) and not (meaning.schedules or meaning.run_ids):
        # A read is harmless, so carry it out: its answer says what wasn't found.
        return Meaning(command=guess.literal)
    return meaning


def starts_instead(start_command: StartCommand, schedules: Sequence[Schedule]) -> tuple[OfferedCommand, ...]:
    """Offer alternatives for a start whose schedule isn't found: "nightly main" is nightly on branch main.

    Empty if the name is only mistyped: `bot.core.schedules.lookup` suggests similar names.
    """
    name = start_command.schedule_text
    if not name or schedules_called(name, schedules):
        return ()
    verb = "run" if isinstance(start_command, RunCommand) else "retry"
    meaning = _among((Token(verb), *map(Token, name.split())), schedules)
    if meaning.near or not (meaning.schedules or meaning.run_ids):
        return ()
    if meaning.verb != verb or meaning.run_ids:
        return answers(replace(meaning, verb=None))
    offers = []
    for schedule in meaning.schedules[:OFFERED_MOST]:
        options = meaning.options
        if isinstance(start_command, RunCommand):
            branch, number = start_command.branch or options.branch, start_command.pull_request or options.pull_request
            offers.append(
                _start(replace(start_command, schedule_text=schedule.slug, branch=branch, pull_request=number))
            )
        else:
            every = start_command.every or options.every
            what = "all of" if every else "what failed in"
            label = f"Retry {what} {schedule.slug}'s latest failed run"
            offers.append(OfferedCommand(label, RetryCommand(every, schedule_text=schedule.slug)))
    return tuple(offers)


def answers(
    meaning: Meaning,
    runs: Mapping[str, Sequence[RunSummary]] | None = None,
    titles: Mapping[int, str] | None = None,
) -> tuple[OfferedCommand, ...]:
    """Choose the offers. `runs` has the newest runs by slug, newest first; `titles` has the schedules of known runs."""
    if meaning.offers:
        return meaning.offers[:OFFERED_MOST]
    found: list[OfferedCommand] = []
    for run_id in meaning.run_ids:
        found += _of_run(meaning, run_id, (titles or {}).get(run_id, ""))
    for schedule in meaning.schedules if not meaning.run_ids else ():
        found += _of_schedule(meaning, schedule, (runs or {}).get(schedule.slug, ()))
    return tuple(dict.fromkeys(found))[:OFFERED_MOST]


# --- the first word as a verb ---


def _literal(literal: Command, schedules: Sequence[Schedule]) -> Meaning | None:
    """Resolve a line literally. Returns None if the schedule that it names doesn't exist."""
    match literal:
        case RunCommand(schedule_text=name):
            found = _named(name, schedules)
            return (
                Meaning("run", found, offers=tuple(_start(replace(literal, schedule_text=one.slug)) for one in found))
                if found
                else None
            )
        case RetryCommand(every, schedule_text=str(name)) if name:
            found = _named(name, schedules)
            return Meaning("retry", found, options=Options(every=every)) if found else None
        case PauseCommand(schedule_text=name) | WatchCommand(pattern_text=name) | UnwatchCommand(watch_text=name):
            found = _named(name, schedules)
            return Meaning(str(literal).partition(" ")[0], found) if found else None
        case CancelCommand(run_id):
            return Meaning("cancel", run_ids=(run_id,))
        case RetryCommand(every, run_id=int(run_id)):
            return Meaning("retry", run_ids=(run_id,), options=Options(every=every))
        case SeveralCommand() if acts(literal):
            return Meaning("cancel", run_ids=tuple(one.run_id for one in literal.commands if one.run_id))
        case StatusCommand(schedule_text=str(name)) | ShowCommand(name) | RunsCommand(name) | HistoryCommand(name):
            return Meaning(command=literal) if _named(name, schedules) else None
        case LatestRunCommand(schedule_text=str(name)):
            return Meaning(command=literal) if _named(name, schedules) else None
        case ListCommand():
            return Meaning(command=literal) if len(literal.text.split()) < 2 else None
        case _:
            return None if acts(literal) else Meaning(command=literal)


def _named(name: str, schedules: Sequence[Schedule]) -> tuple[Schedule, ...]:
    found = schedules_called(name, schedules)
    return tuple(found[:NEAR_MOST])


# --- a sentence ---


@dataclass(slots=True)
class _Sentence:
    """The lowercase words of a line. In `left`, words that are part of a name are None."""

    words: tuple[Token, ...]
    left: list[str | None]
    named: list[NamedSchedule]
    run_ids: list[int]

    def index(self, known: Mapping[str, str]) -> int | None:
        """The position of the first word that is a verb in `known`."""
        return next((at for at, word in enumerate(self.left) if word in known), None)


# Words that don't name a schedule on their own in a sentence, even if one has that name. Times do: "daily" is a common
# name.
_NO_NAMES = (talk.TALK - talk.LATER) | talk.NOISE | talk.VERB_OF.keys()
_ACTS_OF = {word: verb for verb, words in talk.ACTING.items() for word in words}
_READS_OF = {word: verb for verb, words in talk.READING.items() for word in words}


def _among(words: Sequence[Token], schedules: Sequence[Schedule]) -> Meaning:
    """Resolve the words of a sentence."""
    sentence = _sentence(tuple(words), schedules)
    if not any(sentence.left) and len(sentence.named) == 1:
        return _name_alone(sentence.named[0].schedule)
    if alone := _mistyped_name(sentence, schedules):
        return _name_alone(alone)
    named = tuple(dict.fromkeys(one.schedule for one in sentence.named))[:OFFERED_MOST]
    run_ids = tuple(dict.fromkeys(sentence.run_ids))[:OFFERED_MOST]
    asks = _asks(sentence.left)
    verb, options = (None, None) if asks else _request(sentence, schedules)
    if verb is not None and options is not None and (named or run_ids):
        return Meaning(verb, named, run_ids, options)
    if verb is not None and options is None and not named and not run_ids:
        near = _near(sentence, schedules)
        if near:
            return Meaning(verb, near, near=True)
    reading = _reading(sentence)
    if reading is not None and not asks and (named or run_ids):
        return Meaning(reading, named, run_ids, command=_read_command(reading, named, run_ids))
    return Meaning(reading if reading == "logs" else _about(sentence), named, run_ids)


def _sentence(words: tuple[Token, ...], schedules: Sequence[Schedule]) -> _Sentence:
    left: list[str | None] = [talk.plain(word.text) for word in words]
    run_ids: list[int] = []
    for at, word in enumerate(words):
        number = None if word.quoted and not word.code else _run_number(word.text, left[at - 1] if at else None)
        if number is not None:
            run_ids.append(number)
            left[at] = None
    named: list[NamedSchedule] = []
    for one in named_in([word.text if left[at] is not None else "\0" for at, word in enumerate(words)], schedules):
        alone = one.end - one.begin == 1 and not words[one.begin].quoted
        # A verb wins over a schedule with the same name, unless it's the whole line.
        if alone and len(words) > 1 and left[one.begin] in _NO_NAMES:
            continue
        named.append(one)
        left[one.begin : one.end] = [None] * (one.end - one.begin)
    return _Sentence(words, left, named, run_ids)


def _mistyped_name(sentence: _Sentence, schedules: Sequence[Schedule]) -> Schedule | None:
    """The schedule whose mistyped name is the whole line, or None if there is none."""
    said = [word for word in sentence.left if word]
    if not said or sentence.run_ids or any(word in _NO_NAMES for word in said):
        return None
    near = mistyped(" ".join(word.text for word in sentence.words), schedules, whole=True)
    return near[0] if near else None


def _run_number(text: str, before: str | None) -> int | None:
    text = text.rstrip(ENDINGS + "?)")
    found = RUN_ID.search(text) or RUN_LINK.search(text)
    if found is None:
        return None
    digits = found[1]
    if not digits.isascii() or len(digits) > 10 or not 0 < int(digits) < BOLT_ID_LIMIT:
        return None
    sure = not text.isdecimal() or before in {"run", "runs"} or len(digits) >= DIGITS_LEAST
    return int(digits) if sure and before not in {"pr", "request", "#"} else None


def _asks(left: Sequence[str | None]) -> bool:
    """Whether a line is a question, a negation, a condition, or about another time."""
    said = [word for word in left if word]
    first = next(
        (word for word in said if word not in {"hey", "hi", "hello", "ok", "okay", "so", "bolt", "bot", "and"}), ""
    )
    return (
        first in talk.AUXILIARY
        or any(word in talk.WH or word in talk.CONDITION or talk.is_denial(word) for word in said)
        or any(word in talk.LATER for word in said)
    )


def _request(sentence: _Sentence, schedules: Sequence[Schedule]) -> tuple[str | None, Options | None]:
    """The requested verb and its options, or None for both if the line contains unknown words."""
    left = sentence.left
    at = sentence.index(_ACTS_OF)
    if at is None:
        at = next((n for n, word in enumerate(left) if word and _slip(word)), None)
    if at is None:
        return None, None
    word = left[at] or ""
    verb = _ACTS_OF.get(word) or _slip(word)
    before = left[:at]
    if any(one is None for one in before):
        # "nightly rerun": no other words may follow.
        rest = [one for one in (*before, *left[at + 1 :]) if one]
        return (verb, Options()) if all(one in talk.REQUEST or one in talk.NOISE for one in rest) else (None, None)
    if not all(one in talk.REQUEST for one in before):
        return None, None
    if verb == "resume" and sentence.run_ids:
        verb = "retry"
    return verb, _options(verb or "", word, left[at + 1 :], schedules)


def _slip(word: str) -> str | None:
    near = talk.near_verb(word)
    return near if near in talk.ACTING else None


def _options(verb: str, word: str, rest: Sequence[str | None], schedules: Sequence[Schedule]) -> Options | None:
    """Read options from the words that follow a verb, except names. Returns None if one of the words is unknown."""
    options, queue = Options(), list(rest)
    branches = talk.BRANCHES | {one.git_branch.lower() for one in schedules if one.git_branch}
    particles = talk.PARTICLES.get(word, frozenset())
    seen = False
    while queue:
        one = queue.pop(0)
        if one is None:
            seen = True
        elif one in talk.EVERYTHING:
            options = replace(options, every=True)
        elif one in particles or (verb == "retry" and one == "failed") or (one == "of" and not seen):
            continue
        elif number := _pull_request(verb, one, queue):
            options = replace(options, pull_request=number)
        elif branch := _branch(verb, one, queue, branches if seen else frozenset()):
            options = replace(options, branch=branch)
        elif one and one not in talk.NOISE:
            return None
    return options


def _pull_request(verb: str, word: str, queue: list[str | None]) -> int | None:
    """Read a pull request, as in `pr 12` or `for pull request #12`, and remove it from the queue."""
    said = [word, *(one or "" for one in queue[:3])]
    if said[0] == "for":
        said = said[1:]
    taken = 1 if said[:1] == ["pr"] else 2 if said[:2] == ["pull", "request"] else 0
    number = said[taken].lstrip("#") if taken and len(said) > taken else ""
    if verb != "run" or not number.isascii() or not number.isdecimal() or not 0 < int(number[:11]) < BOLT_ID_LIMIT:
        return None
    del queue[: taken + (word == "for")]
    return int(number)


def _branch(verb: str, word: str, queue: list[str | None], known: frozenset[str]) -> str | None:
    """Read a branch, as in `main`, `on main` or `from the branch main`, and remove its words from `queue`."""
    if verb != "run":
        return None
    if word in known or (known and any(mark in word for mark in "/_")):
        return word
    said = [one or "" for one in queue[:3]]
    taken = 0
    if word not in talk.BEFORE_A_BRANCH and word not in {"branch", "with", "in"}:
        return None
    if said[:1] == ["the"]:
        taken = 1
    if word != "branch" and said[taken : taken + 1] == ["branch"]:
        word, taken = "branch", taken + 1
    name = said[taken] if len(said) > taken else ""
    if not name or name in talk.TALK or name in talk.NOISE or (word in {"with", "in"}):
        return None
    del queue[: taken + 1]
    if queue[:1] == ["branch"]:
        del queue[:1]
    return name


def _near(sentence: _Sentence, schedules: Sequence[Schedule]) -> tuple[Schedule, ...]:
    """The schedules whose names are similar to the words after the verb: "stop nigthly please"."""
    kept = [
        word.text
        for word, left in zip(sentence.words, sentence.left, strict=True)
        if left and left not in talk.REQUEST and left not in talk.NOISE and left not in talk.VERB_OF and not _slip(left)
    ]
    if not kept or len(kept) > 6:
        return ()
    return mistyped(" ".join(kept), schedules)


def _reading(sentence: _Sentence) -> str | None:
    """The reading verb of a line; the most specific one wins."""
    said = {_READS_OF[word] for word in sentence.left if word in _READS_OF}
    return next((verb for verb in talk.READING if verb in said), None)


def _about(sentence: _Sentence) -> str | None:
    """Return `why` if the line asks why something failed, so that logs are offered first."""
    return (
        "why" if any(word in {"why", "fail", "failed", "broke", "broken", "error"} for word in sentence.left) else None
    )


def _read_command(verb: str, named: Sequence[Schedule], run_ids: Sequence[int]) -> Command | None:
    """The command for a reading verb, or None if several things are named."""
    if len(run_ids) == 1:
        only = run_ids[0]
        of_run: dict[str, Command] = {"logs": LogsCommand(only), "artifacts": ArtifactsCommand(only)}
        return of_run.get(verb, StatusCommand(only))
    if len(named) != 1 or run_ids:
        return None
    slug = named[0].slug
    made: dict[str, Command] = {
        "logs": LatestRunCommand("logs", slug),
        "artifacts": LatestRunCommand("artifacts", slug),
        "history": HistoryCommand(slug),
        "runs": RunsCommand(slug),
        "show": ShowCommand(slug),
    }
    return made.get(verb, StatusCommand(schedule_text=slug))


# --- offers ---


def _name_alone(schedule: Schedule) -> Meaning:
    slug = schedule.slug
    offers = (_start(RunCommand(slug)), OfferedCommand(f"Status of {slug}", StatusCommand(schedule_text=slug)))
    return Meaning("name", (schedule,), offers=offers)


def _start(start_command: RunCommand) -> OfferedCommand:
    parts = [f"Run {cut(start_command.schedule_text, 40)}"]
    parts += [f"on branch {cut(start_command.branch, 25)}"] if start_command.branch else []
    parts += [f"for pull request {start_command.pull_request}"] if start_command.pull_request else []
    parts += [f"with {len(start_command.commands)} commands of your own"] if start_command.commands else []
    return OfferedCommand(" ".join(parts), start_command)


def _of_run(meaning: Meaning, run_id: int, title: str) -> list[OfferedCommand]:
    run = f"run {run_id} of {cut(title, 40)}" if title else f"run {run_id}"
    if meaning.verb == "cancel":
        return [OfferedCommand(f"Cancel {run}", CancelCommand(run_id))]
    if meaning.verb in {"retry", "run"}:
        return [_retry(meaning.options.every or meaning.verb == "run", run_id, run)]
    status, logs = (
        OfferedCommand(f"Status of {run}", StatusCommand(run_id)),
        OfferedCommand(f"Logs of {run}", LogsCommand(run_id)),
    )
    return [logs, status] if meaning.verb in {"logs", "why"} else [status, logs]


def _retry(every: bool, run_id: int, run: str) -> OfferedCommand:  # noqa: FBT001 - an option that is spelled out
    what = f"Retry all of {run}" if every else f"Retry what failed in {run}"
    return OfferedCommand(what, RetryCommand(every, run_id=run_id))


def _of_schedule(meaning: Meaning, schedule: Schedule, runs: Sequence[RunSummary]) -> list[OfferedCommand]:
    slug, options = schedule.slug, meaning.options
    status = OfferedCommand(f"Status of {slug}", StatusCommand(schedule_text=slug))
    match meaning.verb:
        case "run":
            return [_start(RunCommand(slug, options.branch, options.pull_request))]
        case "cancel":
            active = [one for one in runs if not is_final(one.state)]
            return [
                OfferedCommand(f"Cancel run {one.id} of {cut(slug, 40)}", CancelCommand(one.id)) for one in active
            ] or [status]
        case "retry":
            failed = next((one for one in runs if is_failed(one.state)), None)
            offers = [_retry(options.every, failed.id, f"run {failed.id} of {cut(slug, 40)}")] if failed else []
            # After a success there's nothing to retry.
            return offers if offers and runs and runs[0] == failed else [*offers, _start(RunCommand(slug))]
        case "pause" | "resume":
            pause = meaning.verb == "pause"
            return [OfferedCommand(f"{'Pause' if pause else 'Resume'} {slug}", PauseCommand(slug, pause=pause))]
        case "watch":
            return [OfferedCommand(f"Watch {cut(slug, 60)} here", WatchCommand(slug))]
        case "unwatch":
            return [OfferedCommand(f"Stop watching {cut(slug, 50)} here", UnwatchCommand(slug))]
    logs = OfferedCommand(f"Logs of {slug}", LatestRunCommand("logs", slug))
    return [logs, status] if meaning.verb in {"logs", "why"} else [status, logs]
