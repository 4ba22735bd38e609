"""Lines that people type, commands or not: some are carried out, some are only offered, and some do nothing.

The module `talk`, `bot.core.schedules.resolve_guess` and `bot.core.views.guess` are tested here too.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.commands.guess import Guess, acts, read
from bot.core.commands.verbs import VERBS
from bot.core.model.bolt import RunSummary, Schedule
from bot.core.model.command import (
    CancelCommand,
    PauseCommand,
    RetryCommand,
    RunCommand,
    canonical,
)
from bot.core.model.errors import BadCommand
from bot.core.schedules.lookup import find_schedule
from bot.core.schedules.resolve_guess import answers, resolve, starts_instead


def schedule(slug: str, name: str = "", branch: str | None = None) -> Schedule:
    """A schedule with this slug and name."""
    return Schedule(1, "u", name or slug, slug, "OFF", "ui", git_branch=branch)


SCHEDULES = [
    schedule("nightly", "🚀 Nightly full build", "main"),
    schedule("hourly", "Hourly orders"),
    schedule("status", "Status"),
    schedule("finance-close", "Finance close", "release/close"),
]
# Newest first: nightly is running after a failure, hourly has only succeeded.
RUNS = {
    "nightly": (RunSummary(81266, "RUNNING", "ada"), RunSummary(81200, "FAILED", "ada")),
    "hourly": (RunSummary(81265, "SUCCESS", "ada"),),
    "finance-close": (RunSummary(81100, "FAILED", "ada"),),
}
LINK = "https://app.paradime.io/bolt/run_id/81266"


def outcome(text: str) -> str:
    """The effect of a line: `does …`, `offers …` (on a button) or `says …` (in an answer). No button is clicked."""
    try:
        meant = read(text, "/bolt", names=("bolt",))
    except BadCommand as bad:
        return f"says {bad.sentence}"
    if isinstance(meant, RunCommand | RetryCommand):
        return _start(meant)
    if not isinstance(meant, Guess):
        return f"does {canonical(meant)}"
    meaning = resolve(meant, SCHEDULES)
    if meaning.command is not None:
        assert not acts(meaning.command)
        return f"does {canonical(meaning.command)}"
    offers = answers(meaning, RUNS)
    return f"offers {' | '.join(offer.label for offer in offers)}" if offers else f"says {meant.sentence}"


def _start(meant: RunCommand | RetryCommand) -> str:
    """A start looks up its schedule; if it isn't found, nothing starts, and similar starts are offered."""
    name = meant.schedule_text
    if not name or isinstance(found := find_schedule(name, SCHEDULES), Schedule):
        return f"does {canonical(meant)}"
    offers = starts_instead(meant, SCHEDULES)
    if offers:
        return f"offers {' | '.join(offer.label for offer in offers)}"
    near = getattr(found, "suggestions", ())
    return f"offers Run {near[0].slug}" if near else f'says There is no schedule "{name}".'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Valid commands.
        ("run nightly", 'does run "nightly"'),
        ("retry nightly", 'does retry "nightly"'),
        ("pause nightly", 'does pause "nightly"'),
        ("Run nightly!", 'does run "nightly!"'),
        ("cancel 81266.", "does cancel 81266"),
        ("cancel #81266", "does cancel 81266"),
        (f"cancel <{LINK}>", "does cancel 81266"),
        (f"cancel <{LINK}|nightly>", "does cancel 81266"),
        ("cancel Run 81266", "does cancel 81266"),
        ("cancel 81266, 81265 and 81264", "does cancel 81266 81265 81264"),
        ("status 81266 81265", "does status 81266 81265"),
        (f"<{LINK}>", "does status 81266"),
        ("status!", "does status"),
        ("run :rocket: nightly full build", 'does run ":rocket: nightly full build"'),
        ("/bolt run nightly", 'does run "nightly"'),
        ("bolt run nightly", 'does run "nightly"'),
        # Commands that only read are carried out as they were probably meant.
        ("logs nightly", 'does logs "nightly"'),
        ("artifacts nightly", 'does artifacts "nightly"'),
        ("logs 81266 3", "does logs 81266 3"),
        ("status last", "does status last"),
        ("last", "does status last"),
        ("status nightly?", 'does status "nightly"'),
        ("stauts nightly", 'does status "nightly"'),
        ("log 81266", "does logs 81266"),
        ("show me the logs of nightly", 'does logs "nightly"'),
        ("status nightly please", 'does status "nightly"'),
        # A cancellation is only offered if it names a schedule, uses a synonym or has a typo.
        ("cancel nightly", "offers Cancel run 81266 of nightly"),
        ("cancle 81266", "offers Cancel run 81266"),
        ("stop 81266", "offers Cancel run 81266"),
        ("stop nightly", "offers Cancel run 81266 of nightly"),
        ("kill the nightly run!", "offers Cancel run 81266 of nightly"),
        ("abort hourly", "offers Status of hourly"),
        ("cancel 81266?", "offers Cancel run 81266"),
        ("start nightly", "offers Run nightly"),
        ("rnu nightly --branch dev", "offers Run nightly on branch dev"),
        ("rerun finance-close", "offers Retry what failed in run 81100 of finance-close"),
        ("rerun hourly", "offers Run hourly"),
        ("restart 81200", "offers Retry what failed in run 81200"),
        ("resume 81200", "offers Retry what failed in run 81200"),
        ("suspend nightly", "offers Pause nightly"),
        ("unpause nightly", "offers Resume nightly"),
        ("watch nightly", 'does watch "nightly"'),
        ("digest off", "does digest off"),
        ("digest off?", "says A command can't end with a question mark. Nothing was done."),
        ("digest daily 09:00?", "says A command can't end with a question mark. Nothing was done."),
        ("digest?", "does digest"),
        ("monitor nightly", "offers Watch nightly here"),
        ("unsubscribe nightly please", "offers Stop watching nightly here"),
        ("watch 81266", "offers Status of run 81266 | Logs of run 81266"),
        ("match nightly", "offers Status of nightly | Logs of nightly"),
        # Options that aren't spelled as options.
        ("retry 81200 all", "offers Retry all of run 81200"),
        ("retry nightly all", "offers Retry all of nightly's latest failed run"),
        ("run nightly main", "offers Run nightly on branch main"),
        ("run nightly on release/close", "offers Run nightly on branch release/close"),
        ("run nightly for pr 12", "offers Run nightly for pull request 12"),
        ("run nightly please", "offers Run nightly"),
        ("run nigthly", "offers Run nightly"),
        # Names alone, and sentences.
        ("nightly", "offers Run nightly | Status of nightly"),
        ("Nightly full build", "offers Run nightly | Status of nightly"),
        (":rocket: nightly full build", "offers Run nightly | Status of nightly"),
        ('"status"', "offers Run status | Status of status"),
        ("can you run nightly please?", "offers Run nightly"),
        ("hey bolt, could you kick off nightly on main", "offers Run nightly on branch main"),
        ("please cancle 81266", "offers Cancel run 81266"),
        ("nightly rerun please", "offers Retry what failed in run 81200 of nightly | Run nightly"),
        ("run 81200", "offers Status of run 81200 | Logs of run 81200"),
        # Replies that say what to type.
        ("cancel", "says cancel needs a run number, as in /bolt cancel 4711."),
        ("stop", 'says There\'s no command "stop". Did you mean /bolt cancel?'),
        ("cancel " + " ".join(map(str, range(81000, 81011))), "says That's 11 runs. The limit is 10."),
        ("rnu", 'says There\'s no command "rnu". Did you mean /bolt run?'),
    ],
)
def test_what_people_type_acts_or_offers_or_says_what_to_type(text: str, expected: str) -> None:
    """Each line is carried out, offered on a button, or answered with what to type."""
    assert outcome(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        # Negations.
        "don't run nightly",
        "do not cancel 81266",
        "please don’t start nightly",
        "never run nightly on main",
        "no need to rerun nightly",
        "you should not stop nightly",
        "I'd rather not run nightly",
        "nobody run nightly",
        "run nightly? no",
        "we can't cancel nightly",
        # Questions.
        "did nightly run?",
        "why did nightly fail",
        "is nightly running?",
        "when does nightly run?",
        "who cancelled 81266?",
        "has 81266 finished?",
        "should I retry 81200?",
        "what happens if I cancel nightly?",
        "how do I run nightly?",
        "does anyone know who started nightly",
        "can you tell me why nightly failed?",
        # Statements.
        "nightly failed again",
        "nightly was cancelled by Bob",
        "I'll run nightly tomorrow",
        "we run nightly every day at 5",
        "the run of nightly is slow",
        "nightly run took 3 hours",
        "run of nightly is slow",
        "run nightly was slow",
        "run nightly failed again",
        "retry of 81200 worked",
        "start of nightly was late",
        "ran nightly",
        "cancelled 81266 by hand",
        "if nightly fails, retry it",
        "cancel nightly after it finishes",
        "run nightly tomorrow",
        "run nightly at 5pm",
        "once nightly is done run hourly",
        "81266 failed again",
        "run 81266 failed again",
        # Chatter that mentions the bot.
        "thanks!",
        "thanks for running nightly",
        "is great",
        "you rock",
        "good bot",
        "cancel that meeting",
        "stop it",
        "stop spamming us",
        "please stop posting about nightly failures",
        "kill the lights",
        "restart your router",
        "start the meeting without me",
        "run for your life",
        "retry worked!",
        "pause for a second",
        "resume your work",
        "lol",
        "hello",
        "👍",
        "has anyone seen my keys?",
        "the end is nigh",
        "can",
        "let's hold off on nightly",
        "abort mission",
        "I will start at 9",
    ],
)
def test_talk_starts_and_cancels_nothing_and_offers_neither(text: str) -> None:
    """Questions, negations, statements and chatter are answered with a status, a log or a sentence at most."""
    kind, _, said = outcome(text).partition(" ")
    if kind == "does":
        command = read(text, "/bolt", names=("bolt",))
        assert not isinstance(command, RunCommand | RetryCommand | CancelCommand)
        if isinstance(command, PauseCommand):
            # A valid command, but there's no such schedule.
            assert not isinstance(find_schedule(command.schedule_text, SCHEDULES), Schedule)
    if kind == "offers":
        assert all(label.startswith(("Status of ", "Logs of ")) for label in said.split(" | ")), said


WORDS = st.sampled_from(
    [
        "run",
        "start",
        "rerun",
        "retry",
        "cancel",
        "stop",
        "kill",
        "pause",
        "suspend",
        "resume",
        "rnu",
        "cancle",
        "nightly",
        "hourly",
        "status",
        "finance-close",
        "81266",
        "#81200",
        "please",
        "don't",
        "not",
        "why",
        "did",
        "all",
        "main",
        "on",
        "branch",
        "it",
        "the",
        "again",
        "last",
        "tomorrow",
        "?",
        "!",
        "can",
        "you",
        "--all",
        "--branch",
        "“nightly”",
        "and",
    ]
)
TYPED = st.lists(WORDS, max_size=10).map(" ".join) | st.text(max_size=120)


@given(TYPED)
def test_no_guess_acts_without_a_click(text: str) -> None:
    """By itself, a guess only reads; what it offers fits Slack's limits and parses back to the same command."""
    try:
        meant = read(text, "/bolt", names=("bolt",))
    except BadCommand:
        return
    if not isinstance(meant, Guess):
        return
    meaning = resolve(meant, SCHEDULES)
    assert meaning.command is None or not acts(meaning.command)
    for offer in answers(meaning, RUNS):
        assert len(offer.label) <= 150
        assert read(canonical(offer.command), "/bolt") == offer.command


def comes_back(text: str) -> bool:
    """Whether a line is a command; if so, check that it's read as the same command after it's written out."""
    try:
        meant = read(text, "/bolt")
    except BadCommand:
        return False
    if isinstance(meant, Guess):
        return False
    assert read(canonical(meant), "/bolt") == meant
    return True


@given(TYPED)
def test_what_a_button_carries_is_never_a_guess(text: str) -> None:
    """A command that is written out is read back as the same command, not as a guess."""
    comes_back(text)


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_no_verb_on_a_button_is_taken_for_a_guess(verb: str) -> None:
    """Each verb has commands that, written out on a button, are read as the same commands and not as guesses."""
    rest = ("", " nightly", ' "is it"', " 81266", " --failing", " daily 09:00")
    assert sum(comes_back(verb + words) for words in rest) > 0
