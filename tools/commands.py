"""Generate docs/commands.md from the grammar: each command with its options, examples, buttons, and who may use it.

`make commands`; with --check, check that the page is current.
"""

from __future__ import annotations

import ast
import contextlib
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bot.core.commands.grammar import parse
from bot.core.commands.verbs import VERBS, Verb
from bot.core.model.channel import ChannelInfo, ChannelKind
from bot.core.model.command import Command, LatestRunCommand, RetryFailingCommand, SeveralCommand
from bot.core.model.errors import BadCommand
from bot.core.model.person import Person, Role
from bot.core.policy.decision import decide
from bot.core.policy.default_policy import DEFAULT_POLICY
from bot.core.policy.rules import Action, Question
from bot.core.policy.whoami import DOING
from bot.core.views import buttons
from bot.slack.commands import handlers
from bot.slack.commands.latest import ACTIONS as LATEST

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "commands.md"
COLUMNS = 100
HEAD = """\
# Commands

<!-- Made from bot/core/commands/verbs.py by `make commands`: change that file, not this page. -->

Type `/bolt` and one of the commands below. In a thread, where slash commands don't work, mention
the bot instead (`@bolt status`). In a direct message with the bot, the command alone is enough. In
a card's thread, you can leave out the run's number. `/bolt` alone opens a form.

Only you can see the replies. Everybody in the channel sees cards, charts, live logs, and what a
watch or a digest reports.

- Give a schedule's name or slug. It needs quotes only if it could be taken for something else, as
  in `/bolt status "4711"`.
- Give a run's number, or the address of its page in Bolt.
- A value with spaces needs quotes. Curly quotes and long dashes, which phones type, work too.
- Typos and whole sentences never start or cancel anything: the reply has a button that does what
  you probably meant.
- Repeating a command within a minute doesn't start a second run.

Below, `<…>` stands for something that you fill in, `[…]` is optional, and `…` after either means
that you can repeat it.
"""
WHO = """\
## Who may use them

[The policy](policy.md) decides who may use a command, based on the command's action. Without a
policy file:

| action | lets you | members | guests |
| --- | --- | --- | --- |
"""
AFTER_WHO = """\

People from other organizations can't do anything. `/bolt whoami` shows what you may do, and why.
"""
# By command: a picture, and its description.
PICTURES = {
    "run": ("form.png", "The form: its type-ahead shows each schedule's name, owner and latest state"),
    "list": ("list.png", "A list of schedules, each with its latest state and the buttons Run, Details and Watch"),
    "retry": ("failed.png", "The thread of a failed run: the failed command, what to do next, and the log as a file"),
    "watch": ("incident.png", "One message about a schedule that fails, with its thread"),
    "digest": ("digest.png", "A digest: how many runs succeeded, what is failing now, and the slowest schedules"),
}
# By command: the buttons that do the same.
BUTTONS = {
    "run": ("Start a run", "Run", "Run again", "Run when it ends", "Start another"),
    "show": ("Details",),
    "status": ("Details", "Follow this run"),
    "runs": ("Runs",),
    "cancel": ("Cancel run", "Cancel retry", "Don't run"),
    "retry": ("Retry failed", "Retry all"),
    "logs": ("Logs", "Show log", "Whole log in the thread", "Live log", "Keep following", "Stop following"),
    "artifacts": ("Artifacts", "Download", "Post it in the thread"),
    "history": ("History",),
    "pause": ("Pause",),
    "resume": ("Resume",),
    "watch": ("Watch", "Watch again", "Edit", "I'm on it", "Take over", "Snooze", "End snooze"),
    "unwatch": ("Stop",),
    "digest": ("Preview", "Turn off"),
}
VIEWS = ("bot/core/views", "bot/flows")
ROLES = {"members": Role.MEMBER, "guests": Role.GUEST}
ADMIN = frozenset({Role.MEMBER, Role.ADMIN})
HERE = ChannelInfo("C0", "here", ChannelKind.PUBLIC, shared=False)


def actions(verb: str) -> dict[str, Action | None]:
    """Return the policy's action for each example, and for the command alone if that's valid, or None.

    Raises SystemExit if the command needs arguments and has no example.
    """
    typed = [one for one, _ in VERBS[verb].help[1:]]
    with contextlib.suppress(BadCommand):
        parse(verb)
        typed.insert(0, verb)
    if not typed:
        sys.exit(
            f"{verb} can't be typed alone, so it needs an example: add one to its row in bot/core/commands/verbs.py."
        )
    return {one: _action(parse(one)) for one in typed}


def _action(command: Command) -> Action | None:
    match command:
        case SeveralCommand(commands=(first, *_)):
            return _action(first)
        case LatestRunCommand(verb=verb):
            return LATEST[verb]
        case RetryFailingCommand():
            # The confirmation needs only `read`, but the policy is then asked about retrying each run.
            return Action.RETRY
    asks = handlers()[type(command)].asks(command)
    if asks is not None:
        return asks.action
    # The policy is asked later, about the action of the button that carries out the same command.
    kind = type(command).__name__.removesuffix("Command").lower()
    return buttons.ACTIONS.get(f"{buttons.COMMAND}.{kind}")


def page() -> str:
    """Return the whole page. Raises SystemExit if it would name a button that doesn't exist."""
    for verb, labels in BUTTONS.items():
        for label in labels:
            if label not in literals():
                sys.exit(f"No button is called {label!r}: correct it for {verb} in tools/commands.py")
    return "\n".join([HEAD, _overview(), _who(), *(_section(name, verb) for name, verb in VERBS.items())])


def _overview() -> str:
    rows = [f"| [`{name}`](#{name}) | {verb.help[0][1]} | {_needs(name)} |\n" for name, verb in VERBS.items()]
    return "| command | what it does | action |\n| --- | --- | --- |\n" + "".join(rows)


def _needs(verb: str) -> str:
    asked = dict.fromkeys(action for action in actions(verb).values() if action)
    return ", ".join(f"`{one}`" for one in asked) or "none"


def _who() -> str:
    rows = [f"| `{one}` | {DOING[one]} | {_may('members', one)} | {_may('guests', one)} |\n" for one in Action]
    return WHO + "".join(rows) + AFTER_WHO


def _may(who: str, action: Action) -> str:
    if _allowed(frozenset({ROLES[who]}), action):
        return "yes"
    return "admins" if who == "members" and _allowed(ADMIN, action) else "no"


def _allowed(roles: frozenset[Role], action: Action) -> bool:
    return decide(DEFAULT_POLICY, Person("U0", roles=roles), HERE, Question(action)).allowed


def _section(name: str, verb: Verb) -> str:
    usage, what = verb.help[0]
    parts = [f"## {name}\n", f"{what[0].upper()}{what[1:]}.\n", f"```text\n/bolt {usage}\n```\n"]
    if name in PICTURES:
        picture, description = PICTURES[name]
        parts.append(f"![{description}](pictures/{picture})\n")
    if verb.help[1:]:
        rows = [f"| `/bolt {typed}` | {meaning} |\n" for typed, meaning in verb.help[1:]]
        parts.append("| example | meaning |\n| --- | --- |\n" + "".join(rows))
    if verb.options:
        rows = [f"| `--{option}` | {value or '–'} | {meaning} |\n" for option, (value, meaning) in verb.options.items()]
        parts.append("| option | value | meaning |\n| --- | --- | --- |\n" + "".join(rows))
    if name in BUTTONS:
        parts.append(_wrapped(f"Buttons: {', '.join(f'*{label}*' for label in BUTTONS[name])}."))
    parts.append(_wrapped(_action_line(name)))
    return "\n".join(parts)


def _wrapped(line: str) -> str:
    return textwrap.fill(line, COLUMNS, break_long_words=False, break_on_hyphens=False) + "\n"


def _action_line(name: str) -> str:
    asked = actions(name)
    usual = next(iter(asked.values()))
    if usual is None:
        return "Anyone may use it: the policy doesn't apply."
    others = [f"`/bolt {typed}` needs `{action}`" for typed, action in asked.items() if action not in {usual, None}]
    return f"Action: {'; '.join([f'`{usual}`', *others])}."


@cache
def literals() -> frozenset[str]:
    """Return the strings in the code that makes buttons."""
    return frozenset(_literals())


def _literals() -> Iterator[str]:
    for folder in VIEWS:
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def main() -> int:
    """Write the page, or check it."""
    made = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(made, encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != made:
        sys.stderr.write("docs/commands.md isn't what the grammar says: run `make commands`.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
