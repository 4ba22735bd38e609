"""The bot's promises, as pure functions of what was seen. Each yields the violations it finds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from tests.chaos.plan import FOLLOW, QUEUE
from tests.chaos.seen import STALL, Card, Command, RunSeen, Seen, Upset, Wish
from tests.chaos.violation import Found, Violation
from tests.chaos.watch_checks import WATCH_CHECKS, stays, waits_for_channel
from tests.chaos.withheld_checks import WITHHELD_CHECKS

STARTED_WITHIN_S = 60.0
# Allows for a replica that is busy, and for the difference between two clocks.
START_SLACK_S = 6.0
# From when a start is recorded as being sent until its lease ends, with a margin for a slow machine.
SENDING_S = 5.0
# How long a replica waits for the answer to a trigger (BOLT_BOT_API_TIMEOUT_S of the stage).
ANSWER_S = 1.0
EXIT_WITHIN_S = 20.0
PAUSE_SLACK_S = 8.0

REFUSAL = re.compile(r"othing (?:more )?was started|didn't start it|There's no schedule|is the name of several")
NOT_WRITTEN = "couldn't record this"
UNFINISHED = ("is starting", "is running", "is being cancelled", "may have started")
UNCLEAR = ("unclear whether", "may have started")
NOT_STARTED, QUEUED, ELSEWHERE = "wasn't started", "will start when", "it already has a card in this channel"
OUTCOMES = {"SUCCESS": "succeeded", "ERROR": "failed", "FAILED": "failed", "CANCELED": "was cancelled"}
LOG_FAULTS = ("Traceback (most recent call last)", "unexpected fault", "Task exception was never retrieved")


def check(seen: Seen) -> list[Violation]:
    """All violations."""
    return [violation for one in CHECKS for violation in one(seen)]


def runs_of(seen: Seen, command: Command) -> list[RunSeen]:
    """The runs whose reason names this command."""
    return [run for run in seen.runs if run.reason.startswith(f"{command.reason} - ")]


def command_of(seen: Seen, run: RunSeen) -> Command | None:
    """The command that a run's reason names."""
    return next((one for one in seen.commands if run.reason.startswith(f"{one.reason} - ")), None)


def cards_of_run(seen: Seen, run_id: int) -> list[Card]:
    """The cards that show a run."""
    pointing = (card for card in seen.cards if ELSEWHERE in card.text)
    others = {(card.channel, card.ts) for card in pointing}
    shown = [card for card in seen.cards if run_id in card.runs and not is_unclear(card)]
    return [card for card in shown if (card.channel, card.ts) not in others]


def requests_of(seen: Seen, command: Command) -> set[str]:
    """The requests of a command: its own, and those queued after it was refused."""
    return {command.request, *(one.request for one in seen.presses if one.request and one.reason == command.reason)}


def card_of(seen: Seen, command: Command) -> list[Card]:
    """The cards that were posted for a command."""
    keys = {f"start:{request}" for request in requests_of(seen, command)}
    return [card for card in seen.cards if card.key in keys]


def waited(seen: Seen, command: Command) -> bool:
    """Whether it was refused first and then queued."""
    return any(one.label == QUEUE and one.reason == command.reason for one in seen.presses)


def is_unclear(card: Card) -> bool:
    """Whether a card says that it's unclear whether a run was started."""
    return any(words in card.text for words in UNCLEAR)


def may_be_unclear(seen: Seen, command: Command) -> bool:
    """Whether a fault, a late reply, a kill or an outage around the time of sending may have made a start unclear."""
    if any(one.target == "trigger" and one.about == command.reason for one in seen.struck):
        return True
    found = [seen.unclear.get(request) for request in requests_of(seen, command)]
    times = [at for at in found if at is not None]
    # On a busy machine, Bolt may begin a run after the bot has stopped waiting for the answer.
    if any(run.at - at > ANSWER_S for run in runs_of(seen, command) for at in times):
        return True
    return any(_struck(one, at) for one in seen.upsets for at in times)


def _struck(upset: Upset, sent_at: float) -> bool:
    """Whether an upset may have affected a start that was recorded as being sent at that time."""
    if upset.what == STALL:
        return upset.since - ANSWER_S <= sent_at <= upset.until
    return upset.since - SENDING_S <= sent_at <= upset.until + SENDING_S


def shown_unclear(seen: Seen, command: Command) -> bool:
    """Whether its card says that its run is unclear or being looked for."""
    return any(is_unclear(card) for card in card_of(seen, command))


# --- each command: one run, or an answer ---


def no_run_twice(seen: Seen) -> Found:
    """A command starts one run at most."""
    for command in seen.commands:
        runs = runs_of(seen, command)
        if len(runs) > 1:
            yield Violation("started twice", f"{command.reason}: runs {[run.id for run in runs]}")


def no_run_of_nobody(seen: Seen) -> Found:
    """Every run belongs to a command."""
    for run in seen.runs:
        if command_of(seen, run) is None:
            yield Violation("started by nobody", f"run {run.id}: {run.reason}")


def none_late(seen: Seen) -> Found:
    """No run begins more than 60 s after it was asked for."""
    for command in seen.commands:
        for run in () if waited(seen, command) else runs_of(seen, command):
            after = run.at - command.at
            if after > STARTED_WITHIN_S + START_SLACK_S:
                yield Violation("started late", f"{command.reason}: run {run.id} after {after:.1f} s")


def none_lost(seen: Seen) -> Found:
    """An accepted command has a run or was visibly refused; if a strike hit its trigger, it may be visibly unclear."""
    elsewhere = Counter(one.user for one in seen.told if REFUSAL.search(one.text))
    for command in seen.commands:
        if runs_of(seen, command) or not accepted(command):
            continue
        if any(REFUSAL.search(text) for text in command.told):
            continue
        if shown_unclear(seen, command):
            if not may_be_unclear(seen, command):
                yield Violation("unclear without a cause", f"{command.reason} (request {command.request})")
            continue
        if any(card.runs for card in card_of(seen, command)):
            # The card shows another command's run, which another check finds.
            continue
        if elsewhere[command.user] > 0:
            elsewhere[command.user] -= 1
            continue
        yield Violation("lost", f"{command.reason} (request {command.request}): no run, and nobody was told")


def accepted(command: Command) -> bool:
    """Whether a delivery was acknowledged, and no answer refused it or said that it couldn't be recorded."""
    if all(command.problems):
        return False
    return not any(REFUSAL.search(text) or NOT_WRITTEN in text for text in command.answers)


def no_false_word(seen: Seen) -> Found:
    """If people were told that nothing was started, nothing was."""
    for command in seen.commands:
        said = next((text for text in (*command.told, *command.answers) if REFUSAL.search(text)), None)
        if said and runs_of(seen, command) and "You already asked for" not in said and not waited(seen, command):
            ids = [run.id for run in runs_of(seen, command)]
            yield Violation("false refusal", f"{command.reason}: run {ids}, and yet: {said}")


# --- cards ---


def one_card_a_run(seen: Seen) -> Found:
    """Every run has one card, and at most one in each other channel that follows it, unless its start is unclear."""
    for run in seen.runs:
        command = command_of(seen, run)
        cards = cards_of_run(seen, run.id)
        if len(cards) > len({card.channel for card in cards}):
            yield Violation("two cards", f"run {run.id}: {[(card.channel, card.ts) for card in cards]}")
        if not cards and command and not (shown_unclear(seen, command) and may_be_unclear(seen, command)):
            yield Violation("no card", f"run {run.id} of {command.reason} (request {command.request})")


def one_card_a_command(seen: Seen) -> Found:
    """A command has one card at most, in its own channel, and none if nothing was started."""
    for command in seen.commands:
        cards = card_of(seen, command)
        if len(cards) > 1:
            yield Violation("two cards", f"{command.reason}: {[(card.channel, card.ts) for card in cards]}")
        if any(card.channel != command.channel for card in cards):
            yield Violation("card elsewhere", f"{command.reason}: {[card.channel for card in cards]}")
        for card in cards:
            if not card.runs and not is_unclear(card) and NOT_STARTED not in card.text:
                yield Violation("card of nothing", f"{command.reason} (request {command.request}): {card.text[:120]}")


def cards_of_their_own(seen: Seen) -> Found:
    """A card shows the run of its own command, even if its trigger was struck and the run was looked for."""
    for run in seen.runs:
        owner = command_of(seen, run)
        for card in cards_of_run(seen, run.id):
            if owner is None or card.key == "" or card.key.startswith("watch:"):
                continue
            if card.key not in {f"start:{request}" for request in requests_of(seen, owner)}:
                yield Violation("another's run", f"run {run.id} of {owner.reason} is on the card {card.key}")


def cards_are_final(seen: Seen) -> Found:
    """A finished run's card says how it ended."""
    for run in seen.runs:
        if run.ended_at is None:
            yield Violation("endless", f"run {run.id} is {run.state}")
            continue
        for card in cards_of_run(seen, run.id):
            words = OUTCOMES.get(run.state, run.state)
            stale = [each for each in UNFINISHED if each in card.text]
            if stale or words not in card.text:
                yield Violation("stale card", f"run {run.id} is {run.state}, its card says: {card.text[:160]}")


# --- ends ---


def ends_are_told(seen: Seen) -> Found:
    """Every end is announced once, or more often only if a post took effect late or a process was paused."""
    for run in seen.runs:
        for card in cards_of_run(seen, run.id):
            told = [reply for reply in card.replies if reply.key == f"end:{run.id}"]
            if not told:
                yield Violation("end not told", f"run {run.id} ({run.state}), card {card.channel} {card.ts}")
            if len(told) > 1 and not _may_be_twice(seen, f"end:{run.id}", told[0].at, told[-1].at):
                yield Violation("end told twice", f"run {run.id}: {[reply.at for reply in told]}")
            words = OUTCOMES.get(run.state, run.state)
            if any(words not in reply.text for reply in told):
                yield Violation("wrong end", f"run {run.id} is {run.state}, its thread says: {told[0].text[:120]}")


def _may_be_twice(seen: Seen, key: str, first: float, last: float) -> bool:
    """Whether a post may appear twice: after a late effect or a pause, but not after a mere lost reply."""
    if any(one.about == key and one.how == "late" for one in seen.struck):
        return True
    pauses = [one for one in seen.upsets if one.what == "pause"]
    return any(one.since - PAUSE_SLACK_S <= last and first <= one.until + PAUSE_SLACK_S for one in pauses)


# --- cancelling ---


def wishes_are_heard(seen: Seen) -> Found:
    """An acknowledged click on *Cancel run* reaches Bolt, or the person is told why not.

    A click is recorded before it's acknowledged. While Redis is away, neither the click nor its answer may be recorded,
    and the card alone may say that the run had already ended.
    """
    heard = Counter(one.user for one in seen.told if "cancel" in one.text)
    over = {run.id for run in seen.runs for wish in seen.wishes if run.id == wish.run and _ended_before(run, wish.at)}
    for wish in seen.wishes:
        if not is_unheard(wish) or wish.run in over:
            continue
        if heard[wish.user] > 0:
            heard[wish.user] -= 1
            continue
        if not any(one.since - 2.0 <= wish.at <= one.until + 1.0 for one in seen.upsets if one.what == "redis"):
            yield Violation("wish lost", f"cancel of run {wish.run} by {wish.user}")


def _ended_before(run: RunSeen, at: float) -> bool:
    return run.ended_at is not None and run.ended_at < at


def is_unheard(wish: Wish) -> bool:
    """Whether an acknowledged wish to cancel was neither passed on nor answered."""
    return wish.acknowledged and not wish.asked and not wish.answers


# --- waiting and following ---


def who_waits_is_started(seen: Seen) -> Found:
    """A start that was queued has a run, or a card that says why it has none."""
    for one in seen.presses:
        command = next((each for each in seen.commands if each.reason == one.reason), None)
        if command is None or not any(QUEUED in text for text in one.answers):
            continue
        cards = [card for card in seen.cards if card.key == f"start:{one.request}"]
        if runs_of(seen, command) or any(NOT_STARTED in card.text or is_unclear(card) for card in cards):
            continue
        heard = [told.text for told in seen.told if told.user == one.user and NOT_STARTED in told.text]
        if not heard:
            yield Violation("queue lost", f"{one.reason} (request {one.request}): no run, and nobody was told")


def who_follows_sees(seen: Seen) -> Found:
    """A run that someone follows in a channel has a card there, or that person is told why not."""
    heard = {one.user for one in seen.told}
    # Of several clicks, only the first is answered if there's no card.
    answered = {(one.user, one.channel, one.run) for one in seen.presses if one.answers}
    for one in seen.presses:
        if one.label != FOLLOW or not one.acknowledged or one.user in heard:
            continue
        if (one.user, one.channel, one.run) in answered:
            continue
        if not any(card.channel == one.channel for card in cards_of_run(seen, one.run)):
            yield Violation("follower lost", f"run {one.run} in {one.channel} by {one.user}")


# --- leftovers, cards and logs ---


def nothing_left(seen: Seen) -> Found:
    """Due sets and lanes contain only items that may stay, such as requests whose outcome is unclear."""
    known = {request: command for command in seen.commands for request in requests_of(seen, command)}
    for left in seen.left:
        command = known.get(left.member)
        # A retry from an incident's message has no command while its run is being looked for.
        retried = command is None and seen.watched.asked_to_retry > 0
        if waits_for_channel(seen.watched.absences, left):
            continue
        if (seen.watched.watches and stays(left)) or (left.state in {"unclear", "looking"} and retried):
            continue
        if left.state in {"unclear", "looking"} and command and shown_unclear(seen, command):
            continue
        if (
            left.set_name.startswith("posts:log:")
            and left.due_in > 0
            and not seen.patient
            and (seen.struck or any(one.what != STALL for one in seen.upsets))
        ):
            continue
        yield Violation("left over", f"{left.set_name}: {left.member} {left.state}, due in {left.due_in:.1f} s")


def no_secret(seen: Seen) -> Found:
    """No secret is shown anywhere."""
    for where, text in (*seen.texts, *seen.logs):
        for secret in seen.secrets:
            if secret in text:
                at = text.index(secret)
                yield Violation("secret shown", f"{where}: {text[max(0, at - 60) : at]}[{secret[:6]}…]")


def logs_are_clean(seen: Seen) -> Found:
    """No log contains an unexpected fault."""
    for name, text in seen.logs:
        for words in LOG_FAULTS:
            if words in text:
                at = text.index(words)
                yield Violation("unexpected fault", f"{name}: {text[max(0, at - 200) : at + 1500]}")
                break


def ends_politely(seen: Seen) -> Found:
    """A process that's asked to end exits with 0 within 20 s, and no process ends by itself."""
    for one in seen.exits:
        if one.excused:
            continue
        if one.status != 0 or one.seconds > EXIT_WITHIN_S:
            yield Violation("exit", f"replica {one.replica}: status {one.status} after {one.seconds:.1f} s")


CHECKS: tuple[Callable[[Seen], Found], ...] = (
    no_run_twice,
    no_run_of_nobody,
    none_late,
    none_lost,
    no_false_word,
    one_card_a_run,
    one_card_a_command,
    cards_of_their_own,
    cards_are_final,
    ends_are_told,
    wishes_are_heard,
    who_waits_is_started,
    who_follows_sees,
    nothing_left,
    no_secret,
    logs_are_clean,
    ends_politely,
    *WATCH_CHECKS,
    *WITHHELD_CHECKS,
)
