"""Ids and values of buttons, and the policy action that each needs. `bot/slack/actions/` handles the clicks.

The module that builds a message decides which buttons it has, and which of them ask for confirmation:
`bot.core.views.card` for a run's card, `bot.core.views.incident` for an incident.

A value is enough to rebuild a record that Redis has lost, and is trusted no further. It's compact JSON of at most 2000
characters (Slack's limit). It contains a version, so that cards of older bots keep working.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.core.model.command import Command, canonical
from bot.core.model.errors import BadCommand
from bot.core.model.request import Request
from bot.core.model.run import Run, RunFacts, RunKey
from bot.core.policy.rules import Action
from bot.core.text.message import LABEL_MOST, Button
from bot.core.text.text import cut

CANCEL_RUN = "run.cancel"
OPEN_RUN = "run.open"
RETRY_FAILED = "run.retry"
RETRY_ALL = "run.retry_all"
RUN_AGAIN = "run.again"
# Actions whose value is a run's.
RUN_VALUES = frozenset({CANCEL_RUN, RETRY_FAILED, RETRY_ALL, RUN_AGAIN})
# May be followed by a suffix that distinguishes the buttons of a message. The stored word predates the constant's name.
FOLLOW_RUN = "run.watch"
START_QUEUED = "start.queue"
DROP_QUEUED = "start.drop"
APPROVE_START = "start.approve"
DENY_START = "start.deny"
START_ANOTHER = "start.another"
START_SUGGESTED = "start.suggested"
# For pages: followed by `previous` or `next`.
LIST_PAGE = "page"
# Ids from older versions, which used the API's word for pausing.
PAUSE_YES = "suspend.yes"
PAUSE_NO = "suspend.no"
SLOWEST_NODES = "run.slowest"
FAILED_NODES = "run.failed_nodes"
WHOLE_LOG = "log.whole"
STOP_TAIL = "log.stop"
ARTIFACTS_PAGE = "artifacts.page"
ARTIFACT_FILE = "artifact.file"
ARTIFACT_OPEN = "artifact.open"
# Followed by its number in the message.
ARTIFACT_LINK = "artifact.link"
# Followed by a suffix that distinguishes the buttons of a message.
COMMAND = "command"
INCIDENT_RETRY = "incident.retry"
# Below the question that `retry --failing` asks.
INCIDENT_RETRY_EACH = "incident.retry_each"
INCIDENT_RETRY_NONE = "incident.retry_none"
INCIDENT_CANCEL = "incident.cancel"
INCIDENT_TAKE = "incident.take"
INCIDENT_LET_GO = "incident.let_go"
# A menu.
INCIDENT_SNOOZE = "incident.snooze"
INCIDENT_WAKE = "incident.wake"
INCIDENT_LOGS = "incident.logs"
OUTAGE_RETRY = "outage.retry"
OUTAGE_TAKE = "outage.take"
OUTAGE_SNOOZE = "outage.snooze"
OUTAGE_WAKE = "outage.wake"
OUTAGE_LIST = "outage.list"
HOME_PAGE = "home.page"
HOME_RUN = "home.run"

# The policy action of each button; its name may have a suffix. Buttons that aren't listed only read.
ACTIONS: dict[str, Action] = {
    **dict.fromkeys(
        (RETRY_FAILED, RETRY_ALL, INCIDENT_RETRY, INCIDENT_RETRY_EACH, OUTAGE_RETRY, f"{COMMAND}.retry"), Action.RETRY
    ),
    **dict.fromkeys(
        (
            RUN_AGAIN,
            START_QUEUED,
            START_ANOTHER,
            START_SUGGESTED,
            HOME_RUN,
            f"{COMMAND}.run",
            f"{COMMAND}.runform",
        ),
        Action.START,
    ),
    **dict.fromkeys(
        (CANCEL_RUN, DROP_QUEUED, INCIDENT_CANCEL, f"{COMMAND}.cancel", f"{COMMAND}.several"), Action.CANCEL
    ),
    **dict.fromkeys((WHOLE_LOG, STOP_TAIL, INCIDENT_LOGS, f"{COMMAND}.logs", f"{COMMAND}.latestrun"), Action.LOGS),
    **dict.fromkeys(
        (ARTIFACTS_PAGE, ARTIFACT_FILE, ARTIFACT_OPEN, f"{COMMAND}.artifacts"),
        Action.ARTIFACTS,
    ),
    **dict.fromkeys((INCIDENT_TAKE, INCIDENT_LET_GO, INCIDENT_SNOOZE, INCIDENT_WAKE), Action.WATCH),
    **dict.fromkeys((OUTAGE_TAKE, OUTAGE_SNOOZE, OUTAGE_WAKE), Action.WATCH),
    **dict.fromkeys((PAUSE_YES, f"{COMMAND}.pause", f"{COMMAND}.suspend"), Action.PAUSE),
    **dict.fromkeys(
        (f"{COMMAND}.watch", f"{COMMAND}.watchform", f"{COMMAND}.unwatch", f"{COMMAND}.digest"), Action.WATCH
    ),
}
# Buttons that post to the channel.
POSTS = (
    FOLLOW_RUN,
    WHOLE_LOG,
    ARTIFACT_FILE,
    f"{COMMAND}.watch",
    *(name for name, action in ACTIONS.items() if action in {Action.START, Action.RETRY}),
)

VERSION = 1
BOLT_ID_LIMIT = 2**31
VALUE_LIMIT = 2000
HOME_PAGES_MOST = 20
# A longer slug is cut, so a click doesn't find its schedule: the full slug would make the value too long for a button.
SLUG_LIMIT = 1000
# Fields with text from people or from Bolt: commands, a branch, names, a command's text.
FOREIGN = ("c", "b", "s", "n", "a", "t")
PAGE_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class RunButton:
    """A run and its facts as a button carries them. `whole`: the facts are enough to run it again."""

    key: RunKey
    facts: RunFacts
    whole: bool = True


def run_value(run: Run) -> str:
    """Build the value of a button on a run's card.

    Facts that don't fit are left out. Commands are kept or left out as a whole.
    """
    facts = run.facts
    branch = facts.branch or (run.end.branch if run.end else None)
    fields: dict[str, object | None] = {
        "v": VERSION,
        "w": run.key.workspace,
        "r": run.key.id,
        "q": facts.request,
        "s": cut(facts.slug, 200),
        "n": cut(facts.name, 200),
        "u": facts.asked_by,
        "b": cut(branch, 255) if branch else None,
        "p": facts.pull_request,
        "t": int(facts.asked_at.timestamp()) if facts.asked_at else None,
        "c": list(facts.commands) if facts.overridden else None,
        "a": cut(facts.actor, 100) if facts.actor else None,
        "o": facts.followed_by,
        "k": True if facts.continue_on_error else None,
    }
    given = {key: value for key, value in fields.items() if value is not None}
    for least in ("a", "n", "c", "b", "s"):
        if len(_compact(given)) <= VALUE_LIMIT:
            break
        if given.pop(least, None) is not None and least not in {"a", "n"}:
            given["x"] = True
    return _compact(given)


def read_run_value(value: str) -> RunButton:
    """Parse the run from a clicked button's value. Raises BadCommand if it isn't such a value."""
    fields = _object(value)
    workspace, run_id = fields.get("w"), fields.get("r")
    if not isinstance(workspace, str) or not isinstance(run_id, int) or not 0 < run_id < BOLT_ID_LIMIT:
        raise _unreadable()
    at, pull_request, commands = fields.get("t"), fields.get("p"), _texts(fields, "c")
    facts = RunFacts(
        slug=_text(fields, "s") or "",
        name=_text(fields, "n") or "",
        branch=_text(fields, "b"),
        pull_request=pull_request if isinstance(pull_request, int) else None,
        commands=commands,
        overridden=bool(commands),
        continue_on_error=fields.get("k") is True,
        asked_by=_text(fields, "u"),
        asked_at=datetime.fromtimestamp(at, UTC) if isinstance(at, int) and 0 < at < BOLT_ID_LIMIT else None,
        request=_text(fields, "q"),
        actor=_text(fields, "a"),
        followed_by=_text(fields, "o"),
    )
    return RunButton(RunKey(workspace, run_id), facts, whole="x" not in fields)


@dataclass(frozen=True, slots=True)
class PartButton:
    """The part of a run that a button is about: a command with its text, an artifact, a page of a list."""

    key: RunKey
    command: int = 0
    text: str = ""
    resource: int = 0
    path: str = ""
    page: int = 0


def part_value(part: PartButton) -> str:
    """Build the value of a button about a part of a run."""
    fields: dict[str, object | None] = {
        "v": VERSION,
        "w": part.key.workspace,
        "r": part.key.id,
        "c": part.command,
        "t": cut(part.text, 200),
        "i": part.resource,
        "f": cut(part.path, 400),
        "p": part.page,
    }
    given = {key: value for key, value in fields.items() if value}
    for least in ("t", "f"):
        if len(_compact(given)) > VALUE_LIMIT:
            given.pop(least, None)
    return _compact(given)


def read_part_value(value: str) -> PartButton:
    """Parse the part of a run from a clicked button's value. Raises BadCommand if it isn't such a value."""
    fields = _object(value)

    def number(name: str) -> int:
        found = fields.get(name, 0)
        if not isinstance(found, int) or not 0 <= found < BOLT_ID_LIMIT:
            raise _unreadable()
        return found

    workspace, run_id = fields.get("w"), number("r")
    if not isinstance(workspace, str) or not run_id:
        raise _unreadable()
    key = RunKey(workspace, run_id)
    return PartButton(key, number("c"), _text(fields, "t") or "", number("i"), _text(fields, "f") or "", number("p"))


def without_secrets(value: str, mask: Callable[[str], str]) -> str:
    """Remove from a button's value, which everyone can read, each text in which `mask` finds a secret.

    The texts can't be masked, because a click uses them again. A click on such a button reads the texts from the
    record, or is refused.
    """
    try:
        fields = _object(value)
    except BadCommand:
        return value
    secret = [name for name in FOREIGN if any(mask(one) != one for one in _foreign(fields.get(name)))]
    if not secret:
        return value
    kept = {name: one for name, one in fields.items() if name not in secret}
    return _compact({**kept, "x": True})


def _foreign(value: object) -> list[str]:
    texts = value if isinstance(value, list) else [value]
    return [one for one in texts if isinstance(one, str)]


def follow_button(run: Run, *, number: int | None = None) -> Button:
    """The *Follow this run* button, which gives an active run a card in the channel of the click.

    `number` distinguishes several such buttons in one message.
    """
    action = FOLLOW_RUN if number is None else f"{FOLLOW_RUN}.{number}"
    spoken = cut(f"Follow this run: run {run.id} of {run.title}", LABEL_MOST)
    return Button(action, "Follow this run", value=run_value(run), spoken=spoken)


def drop_button(request: Request) -> Button:
    """The button that removes a queued start from the queue."""
    value, spoken = request_value(request.id), cut(f"Don't run {request.title}", LABEL_MOST)
    return Button(DROP_QUEUED, "Don't run", value=value, spoken=spoken)


def request_value(request_id: str) -> str:
    """Build the value of a button that repeats a request."""
    return json.dumps({"v": VERSION, "q": request_id}, separators=(",", ":"))


def read_request_value(value: str) -> str:
    """Parse the request id from a clicked button's value. Raises BadCommand if it isn't such a value."""
    request = _text(_object(value), "q")
    if not request:
        raise _unreadable()
    return request


@dataclass(frozen=True, slots=True)
class IncidentButton:
    """The incident that a button is about, by its schedule, and the failed run that its message showed.

    `free`: the message showed that nobody was on it.
    """

    schedule: str
    run: int = 0
    free: bool = False


def incident_value(button: IncidentButton) -> str:
    """Build the value of a button on an incident's message."""
    fields: dict[str, object] = {"v": VERSION, "s": cut(button.schedule, SLUG_LIMIT), "r": button.run}
    return _compact({**fields, "f": True} if button.free else fields)


def read_incident_value(value: str) -> IncidentButton:
    """Parse the incident from a clicked button's value. Raises BadCommand if it isn't such a value."""
    fields = _object(value)
    schedule, run_id = _text(fields, "s"), fields.get("r")
    if not schedule or type(run_id) is not int or not 0 <= run_id < BOLT_ID_LIMIT:
        raise _unreadable()
    return IncidentButton(schedule, run_id, fields.get("f") is True)


def outage_take_value(number: int, *, free: bool) -> str:
    """Build the value of the button to take on an outage. `free`: some of its incidents had nobody on them."""
    return f"{number}:free" if free else str(number)


def read_outage_take_value(value: str) -> tuple[str, bool]:
    """Parse the value of the button to take on an outage: its number, which may be malformed, and `free`."""
    number, _, word = value.partition(":")
    return number, word == "free"


def runs_value(runs: Sequence[int]) -> str:
    """Build the value of a button about several runs, a hundred at most."""
    return _compact({"v": VERSION, "r": list(runs)})


def read_runs_value(value: str) -> frozenset[int]:
    """Parse the runs from a clicked button's value. Raises BadCommand if it isn't such a value."""
    runs = _object(value).get("r")
    if not isinstance(runs, list) or not all(type(one) is int and 0 < one < BOLT_ID_LIMIT for one in runs):
        raise _unreadable()
    return frozenset(runs)


def snooze_value(schedule: str, choice: str) -> str:
    """Build the value of an option to snooze an incident: short, and therefore with a hash of the schedule."""
    return f"{choice}:{_mark(schedule)}"


def read_snooze_value(value: str, schedules: Iterable[str]) -> tuple[str, str]:
    """Parse a snooze option's value: the schedule ("" if it's none of `schedules`) and the choice."""
    choice, _, mark = value.partition(":")
    return next((one for one in schedules if _mark(one) == mark), ""), choice


def _mark(schedule: str) -> str:
    return hashlib.sha256(schedule.encode(errors="replace")).hexdigest()[:16]


def command_button(label: str, command: Command, *, number: int = 0, spoken: str | None = None) -> Button:
    """Build a button that carries out a command; `number` distinguishes buttons for commands of the same kind.

    Raises ValueError if the command is too long for a button.
    """
    value = command_value(canonical(command))
    if len(value) > VALUE_LIMIT:
        raise ValueError("this command is too long for a button")
    kind = type(command).__name__.removesuffix("Command").lower()
    return Button(f"{COMMAND}.{kind}.{number}", cut(label, LABEL_MOST), value=value, spoken=spoken)


def fitting(label: str, command: Command, *, number: int = 0, spoken: str | None = None) -> tuple[Button, ...]:
    """A `command_button`, or an empty tuple if the command is too long for one, so that a list can still be shown."""
    try:
        return (command_button(label, command, number=number, spoken=spoken),)
    except ValueError:
        return ()


def command_value(command: str) -> str:
    """Build the value of a button that carries out a command: the command's text."""
    return json.dumps({"v": VERSION, "c": command}, separators=(",", ":"), ensure_ascii=False)


def read_command_value(value: str) -> str:
    """Parse the command from a clicked button's value. Raises BadCommand if it isn't such a value."""
    fields = _object(value)
    command = _text(fields, "c")
    if not command:
        raise _left_out() if fields.get("x") is True else _unreadable()
    return command


def suggestion_value(command: str, request_id: str, slug: str) -> str:
    """Build the value of a button that repeats a refused request with another schedule.

    It contains the command, and the request and slug in case the command doesn't fit.
    """
    fields: dict[str, object] = {"v": VERSION, "c": command, "q": request_id, "s": slug}
    if len(_compact(fields)) > VALUE_LIMIT:
        del fields["c"]
    return _compact(fields)


def read_suggestion_value(value: str) -> tuple[str, str, str]:
    """Parse a suggestion's value: the command ("" if it was too long or contained a secret), the request and the slug."""
    fields = _object(value)
    command, request, slug = (_text(fields, name) or "" for name in ("c", "q", "s"))
    if not command and not (request and slug):
        read_command_value(value)
    return command, request, slug


def home_page_value(page: int) -> str:
    """Build the value of a button that shows a page of App Home, counted from 0."""
    return json.dumps({"v": VERSION, "page": page}, separators=(",", ":"))


def read_home_page_value(value: str) -> int:
    """Parse the page of App Home from a button's value. Anything else means the first page, which always exists."""
    try:
        page = _object(value).get("page")
    except BadCommand:
        return 0
    return page if type(page) is int and 0 <= page < HOME_PAGES_MOST else 0


def command_in_value(command: Command, channel: str) -> str:
    """Build the value of a button that carries out a command in a channel, for clicks outside of channels."""
    return _compact({"v": VERSION, "c": canonical(command), "ch": channel})


def read_command_in_value(value: str) -> tuple[str, str]:
    """Parse the command and channel from the value of a click outside of channels. Raises BadCommand."""
    return read_command_value(value), _text(_object(value), "ch") or ""


def page_value(command: Command, number: int) -> str:
    """Build the value of a button that turns to a page of a command's list."""
    return _compact({"v": VERSION, "c": canonical(command), "p": number})


def read_page_value(value: str) -> tuple[str, int]:
    """Parse the command and page from a clicked button's value. Raises BadCommand if it isn't such a value."""
    number = _object(value).get("p")
    if isinstance(number, bool) or not isinstance(number, int) or not 0 < number < PAGE_LIMIT:
        raise _unreadable()
    return read_command_value(value), number


def _compact(fields: dict[str, object]) -> str:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False)


def _object(value: str) -> dict[str, object]:
    try:
        fields = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise _unreadable() from error
    if not isinstance(fields, dict):
        raise _unreadable()
    return fields


def _text(fields: dict[str, object], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) else None


def _texts(fields: dict[str, object], name: str) -> tuple[str, ...]:
    value = fields.get(name)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _unreadable() -> BadCommand:
    return BadCommand("This button is from another version of this bot. Type the command instead.")


def _left_out() -> BadCommand:
    return BadCommand(
        "I left the command out of this button because it seems to include a secret. Type the command instead."
    )
