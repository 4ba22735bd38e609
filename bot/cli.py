"""The command `bolt-bot`."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import NoReturn

from bot.core.commands.since import parse_since
from bot.core.insight.hints.file import HintsFileError
from bot.core.insight.hints.hint import Table
from bot.core.model.channel import ChannelKind
from bot.core.model.errors import BotError
from bot.core.model.person import Role
from bot.core.policy.explanation import Given, explained, from_given
from bot.core.policy.file import PolicyError
from bot.core.policy.rules import Action
from bot.core.redact.masker import Redactor
from bot.core.text.text import plural
from bot.find_sandbox import SandboxMissingError, find_demo, find_serve
from bot.hints_file import load_hint_table, load_own_hints
from bot.manifest import render_manifest
from bot.read_log import MASK, Files, UnreadableError, as_hints, as_json, as_text, read_files
from bot.settings import SLASH_COMMAND, Settings, SettingsError, load_policy, load_settings, unknown

USAGE_STATUS = 2
INTERRUPTED_STATUS = 130
PORT_MOST = 65535
SPEED_MOST = 1000


class _Parser(argparse.ArgumentParser):
    """Quotes what it does not understand, but for secrets."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and how to ask, and end."""
        super().error(Redactor().mask(message))


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; its exit status: 0 done, 1 it cannot work, 2 it is asked wrongly."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.handle(arguments))
    except KeyboardInterrupt:
        return INTERRUPTED_STATUS


def _parser() -> _Parser:
    parser = _Parser(prog="bolt-bot", description="Start, follow and understand Paradime Bolt runs from Slack.")
    parser.add_argument("--version", action="version", version=metadata.version("bolt-bot"))
    commands = parser.add_subparsers(required=True, metavar="command")

    run = commands.add_parser("run", help="run the bot, configured by environment variables")
    run.set_defaults(handle=_run)

    demo = commands.add_parser("demo", help="run the whole bot in a local sandbox, without any account")
    demo.add_argument("--port", type=_port, default=0, help="the sandbox's port (default: a free one)")
    demo.add_argument("--speed", type=_speed, default=1.0, help="how many times faster the runs go")
    demo.add_argument("--tour", action="store_true", help="play a short tour, then exit")
    demo.set_defaults(handle=_demo)

    sandbox = commands.add_parser("sandbox", help="run the sandbox alone and print the environment for a bot")
    sandbox.add_argument("--port", type=_port, default=0, help="its port (default: a free one)")
    sandbox.add_argument("--speed", type=_speed, default=1.0, help="how many times faster the runs go")
    sandbox.add_argument(
        "--grid", action="store_true", help="in an Enterprise Grid organisation with a sibling workspace"
    )
    sandbox.set_defaults(handle=_sandbox)

    doctor = commands.add_parser("doctor", help="check the settings and the services they point to")
    doctor.set_defaults(handle=_doctor)

    shown = commands.add_parser("manifest", help="print the Slack app's manifest, for Socket Mode or for HTTP")
    shown.add_argument("--http", type=_address, metavar="URL", help="for HTTP, with the bot's public address")
    shown.add_argument("--command", type=_slash, default="/bolt", help="the slash command (default: /bolt)")
    shown.set_defaults(handle=_manifest)
    _add_policy(commands.add_parser("policy", help="check a policy file, or explain its decisions"))
    _add_hints(commands.add_parser("hints", help="check a file of your own hints, or try it on a log"))
    _add_read_log(
        commands.add_parser("read-log", help="show what the bot would say about a command's output, from files")
    )
    _add_audit(commands.add_parser("audit", help="export the audit log: who requested what"))
    return parser


def _add_read_log(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stdout", required=True, type=Path, metavar="FILE", help="what the command wrote to stdout")
    parser.add_argument("--stderr", type=Path, metavar="FILE", help="what it wrote to stderr")
    parser.add_argument("--results", type=Path, metavar="FILE", help="the run_results.json or sources.json it wrote")
    parser.add_argument("--command", default="", metavar="TEXT", help='the command, as in "dbt build"')
    parser.add_argument("--exit", type=int, metavar="STATUS", help="its exit status")
    _add_hints_file(parser)
    parser.add_argument("--show-row-values", action="store_true", help="as with BOLT_BOT_SHOW_ROW_VALUES=1")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(handle=_read_log)


def _add_hints(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="command")
    checked = commands.add_parser("check", help="check a hints file; shows each fault with its line")
    checked.add_argument("file", metavar="FILE")
    checked.set_defaults(handle=_check_hints)

    tried = commands.add_parser("try", help="show which hint each failure of a log gets; asks neither Slack nor Bolt")
    tried.add_argument("log", type=Path, metavar="LOG", help="what a command printed")
    tried.add_argument("--results", type=Path, metavar="FILE", help="the run_results.json or sources.json it left")
    tried.add_argument("--exit", type=int, metavar="STATUS", help="its exit status")
    _add_hints_file(tried)
    tried.set_defaults(handle=_try_hints)


def _add_hints_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--hints", metavar="FILE", help="your own hints (default: BOLT_BOT_HINTS_FILE)")
    parser.add_argument("--schedule", default="", metavar="NAME", help="the schedule, for hints that name one")


def _add_policy(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="command")
    checked = commands.add_parser("check", help="check a policy file and print each error with its line")
    checked.add_argument("file", metavar="FILE")
    checked.set_defaults(handle=_check_policy)

    explain = commands.add_parser(
        "explain",
        help="explain a decision; reads from Slack and Bolt what isn't given (with --role and --kind: from neither)",
    )
    explain.add_argument("--file", metavar="FILE", help="the policy (default: BOLT_BOT_POLICY_FILE)")
    explain.add_argument("--user", required=True, type=_id("UW"), help="a user's id, as in U0123ABC")
    explain.add_argument("--channel", required=True, type=_id("CGD"), help="a channel's id, as in C0123ABC")
    explain.add_argument(
        "--action", required=True, type=Action, choices=list(Action), metavar="ACTION", help=_words(Action)
    )
    explain.add_argument("--schedule", default="", help="a schedule's slug or name")
    explain.add_argument("--branch", help="a branch to use instead of the schedule's own")
    explain.add_argument("--command", action="append", default=[], help="a command to use instead; can be repeated")
    explain.add_argument(
        "--role", type=Role, choices=list(Role), metavar="ROLE", help=f"{_words(Role)}; read from Slack if not given"
    )
    explain.add_argument("--group", action="append", default=[], help="a user group the user is in; with --role")
    explain.add_argument("--domain", help="the domain of the user's e-mail address; with --role")
    explain.add_argument(
        "--kind",
        type=ChannelKind,
        choices=list(ChannelKind),
        metavar="KIND",
        help=f"{_words(ChannelKind)}; read from Slack if not given",
    )
    explain.add_argument("--channel-name", help="the channel's name; with --kind")
    explain.add_argument(
        "--shared", action="store_true", help="the channel is shared with other organisations; with --kind"
    )
    explain.add_argument("--owner", help="who owns the schedule")
    explain.set_defaults(handle=_explain_policy)


def _add_audit(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="command")
    export = commands.add_parser("export", help="print the audit log as JSON Lines, oldest entry first")
    export.add_argument("--since", metavar="TIME", help="only entries since then, as in 7d, 12h or 2026-11-28 (UTC)")
    export.set_defaults(handle=_export_audit)


def _run(_arguments: argparse.Namespace) -> int:
    settings = _settings()
    if settings is None:
        return USAGE_STATUS
    # Imported here, so that wrong settings are told at once.
    from bot.app import run_bot  # noqa: PLC0415

    return asyncio.run(run_bot(settings))


def _doctor(_arguments: argparse.Namespace) -> int:
    settings = _settings()
    if settings is None:
        return USAGE_STATUS
    from bot.doctor import diagnose  # noqa: PLC0415 - as above

    async def tell() -> int:
        status = 0
        async for name, good, sentence in diagnose(settings):
            _say(f"{'ok     ' if good else 'PROBLEM'}  {name}: {sentence}")
            status = status if good else 1
        return status

    return asyncio.run(tell())


def _demo(arguments: argparse.Namespace) -> int:
    try:
        demo = find_demo()
    except SandboxMissingError as error:
        _complain(str(error))
        return USAGE_STATUS
    command = (sys.executable, "-m", "bot", "run")
    ended = demo(arguments.port, arguments.speed, manifest=render_manifest(), command=command, tour=arguments.tour)
    return asyncio.run(ended)


def _sandbox(arguments: argparse.Namespace) -> int:
    try:
        serve = find_serve()
    except SandboxMissingError as error:
        _complain(str(error))
        return USAGE_STATUS
    return asyncio.run(serve(arguments.port, arguments.speed, manifest=render_manifest(), on_grid=arguments.grid))


def _manifest(arguments: argparse.Namespace) -> int:
    sys.stdout.write(render_manifest(base_url=arguments.http, command=arguments.command))
    return 0


def _check_policy(arguments: argparse.Namespace) -> int:
    try:
        found = load_policy(arguments.file)
    except PolicyError as error:
        for line in error.lines:
            _complain(f"{arguments.file}: {line}")
        return USAGE_STATUS
    _say(
        f"{arguments.file}: {len(found.rules)} rules; the first that matches decides, and what none matches is refused"
    )
    if found.groups:
        _say(f"user groups it names: {' '.join(sorted(found.groups))}")
    return 0


def _explain_policy(arguments: argparse.Namespace) -> int:
    given = Given(
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
        found = load_policy(arguments.file or os.environ.get("BOLT_BOT_POLICY_FILE") or None)
    except PolicyError as error:
        for line in error.lines:
            _complain(line)
        return USAGE_STATUS
    facts = from_given(given)
    if not given.whole:
        settings = _settings()
        if settings is None:
            return USAGE_STATUS
        from bot.policy_explain import asked  # noqa: PLC0415 - as above
        from bot.slack.identity import TokenRefusedError  # noqa: PLC0415 - as above

        try:
            facts = asyncio.run(asked(settings, found, given))
        except (TokenRefusedError, BotError) as error:
            _complain(str(error))
            return 1
    for line in explained(found, *facts, given.action):
        _say(line)
    return 0


def _check_hints(arguments: argparse.Namespace) -> int:
    try:
        found = load_own_hints(arguments.file, MASK)
    except HintsFileError as error:
        for line in error.lines:
            _complain(f"{arguments.file}: {line}")
        return USAGE_STATUS
    _say(
        f"{arguments.file}: {plural(len(found), 'hint')}; the first that fits a message wins, before the built-in ones"
    )
    return 0


def _hints(arguments: argparse.Namespace) -> Table | None:
    """The hints for `--hints` and `--schedule`, None after having shown why there are none."""
    file = arguments.hints or os.environ.get("BOLT_BOT_HINTS_FILE", "").strip() or None
    try:
        return load_hint_table(file, MASK).for_schedule(arguments.schedule)
    except HintsFileError as error:
        for line in error.lines:
            _complain(f"{file}: {line}")
        return None


def _try_hints(arguments: argparse.Namespace) -> int:
    hints = _hints(arguments)
    if hints is None:
        return USAGE_STATUS
    try:
        found = read_files(Files(arguments.log, None, arguments.results), exit_code=arguments.exit, hints=hints)
    except UnreadableError as error:
        _complain(f"{error}.")
        return USAGE_STATUS
    _say(as_hints(found, hints, arguments.exit))
    return 0


def _read_log(arguments: argparse.Namespace) -> int:
    hints = _hints(arguments)
    if hints is None:
        return USAGE_STATUS
    files = Files(arguments.stdout, arguments.stderr, arguments.results)
    try:
        found = read_files(
            files,
            command=arguments.command,
            exit_code=arguments.exit,
            row_values=arguments.show_row_values,
            hints=hints,
        )
    except UnreadableError as error:
        _complain(f"{error}.")
        return USAGE_STATUS
    _say(as_json(found) if arguments.json else as_text(found))
    return 0


def _export_audit(arguments: argparse.Namespace) -> int:
    # Only whether it can be read: what it means is said by Redis' clock, which dates the entries.
    if arguments.since and parse_since(arguments.since, datetime.now(UTC)) is None:
        _complain("--since should be a time or a date, as in 7d, 12h or 2026-11-28")
        return USAGE_STATUS
    settings = _settings()
    if settings is None:
        return USAGE_STATUS
    from bot.audit_export import lines  # noqa: PLC0415 - as above

    async def write() -> int:
        try:
            async for line in lines(settings, arguments.since):
                _say(line)
        except BotError as error:
            _complain(error.sentence)
            return 1
        return 0

    return asyncio.run(write())


def _settings() -> Settings | None:
    for line in unknown():
        _complain(line)
    try:
        return load_settings()
    except SettingsError as error:
        for line in error.lines:
            _complain(line)
        return None


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > PORT_MOST:
        raise argparse.ArgumentTypeError(f"a port is a number up to {PORT_MOST}")
    return int(text)


def _id(kinds: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not re.fullmatch(rf"[{kinds}][A-Z0-9]{{2,20}}", text):
            raise argparse.ArgumentTypeError(f"a Slack id begins with one of  {', '.join(kinds)}")
        return text

    return check


def _words(kind: type[StrEnum]) -> str:
    return ", ".join(kind)


def _address(text: str) -> str:
    if not re.fullmatch(r"https://[\w.:\[\]-]+(/[\w./-]*)?", text):
        raise argparse.ArgumentTypeError("Slack posts to an address that begins with https://")
    return text


def _slash(text: str) -> str:
    if not re.fullmatch(SLASH_COMMAND, text):
        raise argparse.ArgumentTypeError("a slash command looks like /bolt, in at most 32 characters")
    return text


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0
    if not 0 < speed <= SPEED_MOST:
        raise argparse.ArgumentTypeError(f"a speed is a number above 0 and up to {SPEED_MOST}")
    return speed


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _complain(line: str) -> None:
    sys.stderr.write(f"{line}\n")
