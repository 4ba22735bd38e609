"""The verbs: how each one's arguments are read, its options, and its lines in `help`.

Synonyms are in `bot.core.commands.talk`. `bot.slack.commands` has a module for each command that carries it out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.core.commands.digest_values import read_digest
from bot.core.commands.given import (
    COMMAND_NUMBER_MOST,
    Given,
    is_latest,
    name_and_number,
    names_a_schedule,
    number_of_run,
    run_id_of,
    run_number,
    schedule_of,
    several_runs,
)
from bot.core.commands.since import parse_since
from bot.core.commands.talk import EVERYTHING, NOISE, TALK, VERB_OF, near_verb, plain
from bot.core.commands.tokens import RUN_ID, RUN_LINK, bad
from bot.core.commands.values import (
    BRANCH_LIMIT,
    COMMAND_LIMIT,
    COMMANDS_LIMIT,
    EXAMPLES,
    GRAPHQL_INT,
    REASON_LIMIT,
    SCHEDULE_LIMIT,
    TEXT_LIMIT,
    bounded,
    positive,
    read_branch,
    read_commands,
    read_pull_request,
    read_reason,
)
from bot.core.commands.watch_values import (
    FACTOR_LEAST,
    FACTOR_MOST,
    read_late,
    read_mention,
    read_only,
    read_owner,
    read_quiet,
    read_slow,
    read_time_zone,
)
from bot.core.model.command import (
    HISTORY_RUNS,
    ArtifactsCommand,
    AuditCommand,
    CancelCommand,
    Command,
    DigestCommand,
    FailingCommand,
    HelpCommand,
    HistoryCommand,
    LatestRunCommand,
    ListCommand,
    LogsCommand,
    PauseCommand,
    RetryCommand,
    RetryFailingCommand,
    RunCommand,
    RunForm,
    RunsCommand,
    SeveralCommand,
    ShowCommand,
    StatusCommand,
    UnwatchCommand,
    WatchCommand,
    WatchesCommand,
    WatchForm,
    WhoamiCommand,
)

HISTORY_LEAST, HISTORY_MOST = 2, 100
# After `help`, these ask for all commands.
_NO_TOPIC = TALK | NOISE | EVERYTHING | {"command", "commands"}


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb of the grammar. `help` is its syntax with a description, then examples.

    `options` has, for each option, what follows it (if anything) and what it does, for docs/commands.md.
    """

    read: Callable[[Given], Command]
    options: Mapping[str, tuple[str, str]]
    help: tuple[tuple[str, str], ...]


def _run(given: Given) -> RunCommand | RunForm:
    options = given.options
    if not given.words and not options:
        return RunForm()
    if not given.words:
        bad(f"Which schedule? Name one, as in {given.prefix} run nightly.")
    return RunCommand(
        schedule_text=schedule_of(given),
        branch=read_branch(options["branch"][0]) if "branch" in options else None,
        pull_request=read_pull_request(options["pr"][0]) if "pr" in options else None,
        commands=read_commands(options.get("command", [])),
        reason=read_reason(options["reason"][0]) if "reason" in options else None,
        continue_on_error=given.has("continue-on-error"),
    )


def _retry(given: Given) -> RetryCommand | RetryFailingCommand:
    every = given.has("all")
    if given.has("failing"):
        if given.words or every:
            bad(f"Use --failing on its own: {given.prefix} retry --failing.")
        return RetryFailingCommand()
    if not given.words and given.run_id is None:
        bad(f"Which run? Give its number or a schedule, as in {given.prefix} retry 4711.")
    if number := run_number(given):
        return RetryCommand(every, run_id=number)
    return RetryCommand(every, schedule_text=schedule_of(given))


def _cancel(given: Given) -> CancelCommand | SeveralCommand:
    if several := several_runs(given):
        return SeveralCommand(tuple(CancelCommand(one) for one in several))
    return CancelCommand(run_id_of(given))


def _status(given: Given) -> StatusCommand | SeveralCommand | LatestRunCommand:
    if is_latest(given):
        return LatestRunCommand("status")
    if several := several_runs(given):
        return SeveralCommand(tuple(StatusCommand(one) for one in several))
    if number := run_number(given):
        return StatusCommand(run_id=number)
    return StatusCommand(schedule_text=schedule_of(given)) if given.words else StatusCommand()


def _list(given: Given) -> ListCommand:
    text = bounded("The text to look for", given.text, TEXT_LIMIT) if given.words else ""
    return ListCommand(text, given.has("inactive"), given.has("suspended"), given.has("failing"))


def _show(given: Given) -> ShowCommand:
    return ShowCommand(schedule_of(given))


def _runs(given: Given) -> RunsCommand:
    return RunsCommand(schedule_of(given))


def _logs(given: Given) -> LogsCommand | LatestRunCommand:
    follow = given.has("follow")
    if given.words and names_a_schedule(given):
        name, number = name_and_number(given)
        return LatestRunCommand("logs", name, number, follow)
    text = given.text
    number = None
    before, _, last = text.rpartition(" ")
    if before and last.isascii() and last.isdecimal() and (RUN_ID.search(before) or RUN_LINK.search(before)):
        text, number = before, positive(last)
    elif given.run_id and (positive(text) or GRAPHQL_INT) <= COMMAND_NUMBER_MOST:
        # In a run's thread, a small number is a command's number.
        text, number = "", positive(text)
    if before and number is None and text != given.text:
        bad(f"After the run's number, logs takes a command's number, as in {given.prefix} logs 4711 3.")
    found = given.run_id if not text else number_of_run(text)
    if found is None:
        bad(f"logs needs a run number or a schedule, as in {given.prefix} logs 4711.")
    return LogsCommand(found, number, follow)


def _artifacts(given: Given) -> ArtifactsCommand | LatestRunCommand:
    if given.words and names_a_schedule(given):
        return LatestRunCommand("artifacts", None if is_latest(given) else schedule_of(given))
    return ArtifactsCommand(run_id_of(given))


def _pause(given: Given) -> PauseCommand:
    return PauseCommand(schedule_of(given), pause=True)


def _resume(given: Given) -> PauseCommand:
    return PauseCommand(schedule_of(given), pause=False)


def _watch(given: Given) -> WatchCommand | WatchForm:
    options = {name: found[0] for name, found in given.options.items()}
    if "edit" in options:
        number = positive(options["edit"])
        if number is None or given.words or len(options) > 1:
            bad(f"--edit takes a watch's number and nothing else, as in {given.prefix} watch --edit 3.")
        return WatchForm(number)
    if not given.words and not options:
        return WatchForm()
    if not given.words and "owner" not in options:
        bad(f"Which schedules? Name one or a pattern, as in {given.prefix} watch nightly or {given.prefix} watch *.")
    if given.words and not given.words[0].quoted and number_of_run(given.text):
        bad(
            f"watch takes a schedule. To follow one run, type {given.prefix} status {given.text} and click Follow this run."
        )
    return WatchCommand(
        schedule_of(given) if given.words else "*",
        owner=read_owner(options["owner"]) if "owner" in options else None,
        branch=read_branch(options["branch"]) if "branch" in options else None,
        pull_requests=given.has("prs"),
        only=read_only(options["only"]) if "only" in options else None,
        mention=read_mention(options["mention"]) if "mention" in options else None,
        late_s=read_late(options["late"]) if "late" in options else None,
        slow=read_slow(options["slow"]) if "slow" in options else None,
        quiet=read_quiet(options["quiet"]) if "quiet" in options else None,
        time_zone=read_time_zone(options["tz"]) if "tz" in options else None,
    )


def _watches(given: Given) -> WatchesCommand:
    if given.words:
        bad(f"watches takes no arguments. Type {given.prefix} watches, or {given.prefix} watch nightly to add one.")
    return WatchesCommand(given.has("all"))


def _unwatch(given: Given) -> UnwatchCommand:
    if not given.words:
        bad(f"Which watch? Give its number or its schedule, as in {given.prefix} unwatch 3.")
    return UnwatchCommand(bounded("The watch", given.text, SCHEDULE_LIMIT))


def _failing(given: Given) -> FailingCommand:
    if given.words:
        bad(
            f"failing takes no arguments. Type {given.prefix} failing, or {given.prefix} status nightly for one schedule."
        )
    return FailingCommand(given.has("all"))


def _digest(given: Given) -> DigestCommand:
    zone = read_time_zone(given.options["tz"][0]) if "tz" in given.options else None
    words = [word.text.lower() for word in given.words]
    if not words and zone is None:
        return DigestCommand()
    return read_digest(words, zone, given.prefix)


def _history(given: Given) -> HistoryCommand:
    if "runs" not in given.options:
        return HistoryCommand(schedule_of(given))
    number = positive(given.options["runs"][0])
    if number is None or not HISTORY_LEAST <= number <= HISTORY_MOST:
        bad(f"--runs needs a number from {HISTORY_LEAST} to {HISTORY_MOST}, as in {EXAMPLES['runs']}.")
    return HistoryCommand(schedule_of(given), number)


def _whoami(given: Given) -> WhoamiCommand:
    if given.words:
        bad(f"whoami takes no arguments. Type {given.prefix} whoami.")
    return WhoamiCommand()


def _audit(given: Given) -> AuditCommand:
    if given.words:
        bad(f"audit takes only options, as in {given.prefix} audit --schedule nightly --since 2d.")
    values = {name: bounded(f"--{name}", found[0], TEXT_LIMIT) for name, found in given.options.items()}
    at = values.get("since")
    if at and parse_since(at, datetime.now(UTC)) is None:
        bad("--since needs a time or a date, as in --since 2d, --since 12h or --since 2026-11-28.")
    return AuditCommand(values.get("user", "").removeprefix("@") or None, values.get("schedule"), at)


def _help(given: Given) -> HelpCommand:
    """Explain a command. A single word that's neither a command nor filler (like "me") may be a mistyped command."""
    word = plain(given.words[0].text) if given.words else ""
    if word in VERBS:
        return HelpCommand(word)
    if not word or len(given.words) > 1 or word in _NO_TOPIC:
        return HelpCommand()
    return HelpCommand(VERB_OF.get(word) or near_verb(word), word)


VERBS: dict[str, Verb] = {
    "run": Verb(
        _run,
        {
            "branch": ("a branch or commit", f"instead of the schedule's own; at most {BRANCH_LIMIT} characters"),
            "pr": ("a number", "the pull request that the run is for"),
            "command": (
                "a command",
                (
                    "instead of the schedule's own commands; repeat it for each command, at most "
                    f"{COMMANDS_LIMIT} times; a command has at most {COMMAND_LIMIT} characters"
                ),
            ),
            "reason": ("some text", f"shown on the card and in Bolt; at most {REASON_LIMIT} characters"),
            "continue-on-error": ("", "continues with the next command when one fails"),
        },
        (
            (
                'run [schedule] [--branch B] [--pr N] [--command "…"]… [--reason "…"]',
                "starts a run; without a schedule, opens a form",
            ),
            ("run nightly", "by slug"),
            ('run "Nightly full build" --branch dev --pr 123', "by name, on a branch, for a pull request"),
            ('run nightly --command "dbt run --select staging" --command "dbt test"', "with your own commands"),
            ("run nightly --continue-on-error", "continues with the next command when one fails"),
        ),
    ),
    "list": Verb(
        _list,
        {
            "inactive": ("", "inactive schedules instead of the active ones"),
            "suspended": ("", "only paused schedules"),
            "failing": ("", "only schedules whose last run failed"),
        },
        (
            ("list [text] [--inactive] [--suspended] [--failing]", "lists schedules"),
            ("list finance --failing", "schedules that match finance and whose last run failed"),
        ),
    ),
    "show": Verb(_show, {}, (("show <schedule>", "shows a schedule's details"), ("show nightly", "this schedule"))),
    "status": Verb(
        _status,
        {},
        (
            ("status [run id or schedule]", "shows a run's status, to you only"),
            ("status", "the active runs and queued starts in this channel; in a direct message, yours"),
            ("status 4711 4712", "these runs, at most ten"),
            ("status nightly", "the schedule's active run, or its latest"),
            ("status last", "the newest run in this channel"),
        ),
    ),
    "runs": Verb(
        _runs, {}, (("runs <schedule>", "lists a schedule's recent runs"), ("runs nightly", "this schedule's runs"))
    ),
    "cancel": Verb(
        _cancel,
        {},
        (
            ("cancel <run id>…", "cancels runs right away, without asking you to confirm"),
            ("cancel 4711", "this run"),
            ("cancel 4711 4712", "these runs, at most ten"),
        ),
    ),
    "retry": Verb(
        _retry,
        {
            "all": ("", "runs every command again, not only what failed"),
            "failing": ("", "used on its own: retries everything that is failing in this channel"),
        },
        (
            ("retry <run id or schedule> [--all]", "reruns what failed, or everything"),
            ("retry 4711", "what failed in this run"),
            ("retry nightly --all", "every command of the schedule's latest failed run"),
            ("retry --failing", "what failed in each schedule that is failing in this channel; asks you first"),
        ),
    ),
    "logs": Verb(
        _logs,
        {"follow": ("", "posts new lines in the card's thread until the run ends")},
        (
            (
                "logs <run id or schedule> [command number] [--follow]",
                "shows a command's log, by default the failed one's",
            ),
            ("logs 4711 3", "the log of command 3, numbered as on the run's card"),
            ("logs nightly", "the log of the schedule's active run, or of its latest"),
            ("logs 4711 --follow", "posts new lines in the thread while the run is active"),
        ),
    ),
    "artifacts": Verb(
        _artifacts,
        {},
        (
            ("artifacts <run id or schedule>", "lists the files that each command produced"),
            ("artifacts 4711", "this run's files"),
        ),
    ),
    "history": Verb(
        _history,
        {"runs": ("a number", f"how many runs, from {HISTORY_LEAST} to {HISTORY_MOST}; by default {HISTORY_RUNS}")},
        (
            ("history <schedule> [--runs N]", "charts how long the last runs took and how they ended"),
            ("history nightly --runs 50", "the last 50 runs"),
        ),
    ),
    "pause": Verb(
        _pause,
        {},
        (("pause <schedule>", "stops a schedule from starting automatically"), ("pause nightly", "this schedule")),
    ),
    "resume": Verb(
        _resume,
        {},
        (
            ("resume <schedule>", "lets a paused schedule start automatically again"),
            ("resume nightly", "this schedule"),
        ),
    ),
    "watch": Verb(
        _watch,
        {
            "owner": ("an owner", "only schedules of this owner, as shown in Bolt"),
            "branch": ("a branch", "reports runs on this branch instead of the schedule's own; `*` means any"),
            "prs": ("", "also reports runs for pull requests"),
            "only": ("`failures`, `ends` or `all`", "what is posted; by default failures and recoveries"),
            "mention": ("`owner`, `none`, a person or a user group", "who is mentioned when something fails"),
            "late": ("`1m` to `24h`, or `off`", "reports a run that hasn't started this long after it was due"),
            "slow": (
                f"`{FACTOR_LEAST}x` to `{FACTOR_MOST}x`, `1m` to `24h`, or `off`",
                "reports a run that takes this many times its usual time, or this long",
            ),
            "quiet": ("two times of day", "posts nothing between them, then one message at the end"),
            "tz": ("a time zone", "the time zone for the quiet hours, yours by default"),
            "edit": ("a number", "used on its own: opens the form with this watch's options"),
        },
        (
            (
                (
                    "watch [schedule or pattern] [--owner E] [--branch B] [--prs] [--only failures|ends|all] "
                    "[--mention owner|@user|@group|none] [--late 30m|off] [--slow 2x|45m|off]"
                ),
                "reports failures and recoveries in this channel; without a schedule, opens a form",
            ),
            ("watch nightly", "this schedule"),
            ("watch finance-*", "every schedule whose slug or name starts with finance-, including those added later"),
            ("watch * --owner ada@example.com", "every schedule of this owner"),
            (
                "watch nightly --only ends",
                "the end of every run, one line each; --only all shows runs from their start",
            ),
            ("watch nightly --late 15m --slow 45m", "also reports a run that doesn't start in time or takes too long"),
            ("watch nightly --mention none", "changes the options of a watch that already exists"),
            ("watch --edit 3", "opens the form with the options of watch 3"),
            ("watch nightly --quiet 22:00-07:00", "no messages at night, then one at 7:00, in your time zone"),
        ),
    ),
    "watches": Verb(
        _watches,
        {"all": ("", "the watches of every channel")},
        (
            ("watches [--all]", "lists this channel's watches"),
            ("watches --all", "in every channel, if you can read the audit log"),
        ),
    ),
    "unwatch": Verb(
        _unwatch,
        {},
        (
            ("unwatch <number or schedule>", "stops a watch in this channel"),
            ("unwatch 3", "the watch with this number in the list"),
            ("unwatch finance-*", "the watch with this pattern"),
        ),
    ),
    "failing": Verb(
        _failing,
        {"all": ("", "the failing schedules of every channel")},
        (
            ("failing [--all]", "lists the watched schedules that are failing"),
            ("failing --all", "in every channel, if you can read the audit log"),
        ),
    ),
    "digest": Verb(
        _digest,
        {"tz": ("a time zone", "the time zone for the digest, yours by default")},
        (
            (
                "digest [daily [time] | weekly [day] [time] | off] [--tz Z]",
                "posts a summary of what this channel watches; without arguments, shows it to you",
            ),
            ("digest daily 09:00", "every day, in your time zone"),
            ("digest weekly mon 09:00 --tz Europe/Berlin", "every Monday, in another time zone"),
            ("digest off", "no more digests"),
        ),
    ),
    "whoami": Verb(_whoami, {}, (("whoami", "shows what you can do here, and why"),)),
    "audit": Verb(
        _audit,
        {
            "user": ("`@name`", "only this person's requests"),
            "schedule": ("a schedule", "only entries about this schedule"),
            "since": ("`2d`, `12h` or a date", "only entries since then"),
        },
        (
            (
                "audit [--user @name] [--schedule S] [--since T]",
                "shows who requested what, if you can read the audit log",
            ),
            ("audit --schedule nightly --since 2d", "entries about this schedule from the last two days"),
        ),
    ),
    "help": Verb(_help, {}, (("help [command]", "lists all commands, or shows one with examples"),)),
}
