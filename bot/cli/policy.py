"""`bolt-bot policy check` and `explain`.

`bot.cli.policy_facts` reads the facts that aren't given, and `bot.core.policy.explanation` explains.
"""

from __future__ import annotations

import argparse
import asyncio

from bot.cli.arguments import slack_id, words
from bot.cli.console import USAGE_STATUS, add_env_file, complain, env_file, read_settings, say
from bot.core.model.channel import ChannelKind
from bot.core.model.errors import BotError
from bot.core.model.person import Role
from bot.core.policy.explanation import PolicyArguments, explained, from_given
from bot.core.policy.file import PolicyError
from bot.core.policy.rules import Action
from bot.environment import read_variable
from bot.policy_file import load_policy

HELP = "check a policy file, or explain its decisions"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    commands = parser.add_subparsers(required=True, metavar="command")
    checked = commands.add_parser("check", help="check a policy file and print each error with its line")
    checked.add_argument("file", metavar="FILE")
    checked.set_defaults(handle=_check_policy)

    explain = commands.add_parser(
        "explain",
        help="explain a decision; anything you leave out is looked up in Slack and Bolt "
        "(nothing is looked up if you give both --role and --kind)",
    )
    explain.add_argument("--file", metavar="FILE", help="the policy (default: BOLT_BOT_POLICY_FILE)")
    explain.add_argument("--user", required=True, type=slack_id("UW"), help="a user's id, as in U0123ABC")
    explain.add_argument("--channel", required=True, type=slack_id("CGD"), help="a channel's id, as in C0123ABC")
    explain.add_argument(
        "--action", required=True, type=Action, choices=list(Action), metavar="ACTION", help=words(Action)
    )
    explain.add_argument("--schedule", default="", help="a schedule's slug or name")
    explain.add_argument("--branch", help="a branch to use instead of the schedule's own")
    explain.add_argument("--command", action="append", default=[], help="a command to use instead; can be repeated")
    explain.add_argument(
        "--role", type=Role, choices=list(Role), metavar="ROLE", help=f"{words(Role)}; read from Slack if not given"
    )
    explain.add_argument("--group", action="append", default=[], help="a user group the user is in; requires --role")
    explain.add_argument("--domain", help="the domain of the user's email address; requires --role")
    explain.add_argument(
        "--kind",
        type=ChannelKind,
        choices=list(ChannelKind),
        metavar="KIND",
        help=f"{words(ChannelKind)}; read from Slack if not given",
    )
    explain.add_argument("--channel-name", help="the channel's name; requires --kind")
    explain.add_argument(
        "--shared", action="store_true", help="the channel is shared with other organizations; requires --kind"
    )
    explain.add_argument("--owner", help="who owns the schedule")
    add_env_file(explain)
    explain.set_defaults(handle=_explain_policy)


def _check_policy(arguments: argparse.Namespace) -> int:
    try:
        found = load_policy(arguments.file)
    except PolicyError as error:
        for line in error.lines:
            complain(f"{arguments.file}: {line}")
        return USAGE_STATUS
    say(
        f"{arguments.file}: {len(found.rules)} rules; the first that matches decides, and a request that matches none is refused"
    )
    if found.groups:
        say(f"user groups it names: {' '.join(sorted(found.groups))}")
    return 0


def _explain_policy(arguments: argparse.Namespace) -> int:
    given = PolicyArguments(
        arguments.user,
        arguments.channel,
        arguments.action,
        arguments.schedule,
        arguments.branch,
        tuple(arguments.command),
        arguments.role,
        tuple(arguments.group),
        arguments.domain,
        arguments.kind,
        arguments.channel_name,
        arguments.shared,
        arguments.owner,
    )
    try:
        found = load_policy(arguments.file or read_variable("BOLT_BOT_POLICY_FILE", env_file(arguments)))
    except PolicyError as error:
        for line in error.lines:
            complain(line)
        return USAGE_STATUS
    facts = from_given(given)
    if not given.whole:
        settings = read_settings(arguments)
        if settings is None:
            return USAGE_STATUS
        from bot.cli.policy_facts import read_facts  # noqa: PLC0415 - imported here, so that wrong settings are reported at once
        from bot.slack.identity import TokenRefusedError  # noqa: PLC0415 - imported here, so that wrong settings are reported at once

        try:
            facts = asyncio.run(read_facts(settings, found, given))
        except (TokenRefusedError, BotError) as error:
            complain(str(error))
            return 1
    for line in explained(found, *facts, given.action):
        say(line)
    return 0
