"""The command `bolt-bot`."""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from collections.abc import Sequence
from importlib import metadata
from typing import NoReturn

from bot.core.redact import Redactor
from bot.manifest import manifest
from bot.settings import SLASH_COMMAND, Settings, SettingsError, load, unknown

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
    parser = _Parser(prog="bolt-bot", description="Paradime Bolt runs from Slack.")
    parser.add_argument("--version", action="version", version=metadata.version("bolt-bot"))
    commands = parser.add_subparsers(required=True, metavar="command")

    run = commands.add_parser("run", help="run the bot; its settings are environment variables")
    run.set_defaults(handle=_run)

    demo = commands.add_parser("demo", help="the whole bot in a local sandbox: no account needed")
    demo.add_argument("--port", type=_port, default=0, help="the sandbox's port (default: a free one)")
    demo.add_argument("--speed", type=_speed, default=1.0, help="how many times faster the runs go")
    demo.add_argument("--tour", action="store_true", help="play a short tour and end")
    demo.set_defaults(handle=_demo)

    sandbox = commands.add_parser("sandbox", help="the sandbox alone; prints the environment of a bot")
    sandbox.add_argument("--port", type=_port, default=0, help="its port (default: a free one)")
    sandbox.add_argument("--speed", type=_speed, default=1.0, help="how many times faster the runs go")
    sandbox.set_defaults(handle=_sandbox)

    doctor = commands.add_parser("doctor", help="check the settings and what they point at")
    doctor.set_defaults(handle=_doctor)

    shown = commands.add_parser("manifest", help="print the Slack app's manifest, for Socket Mode or for HTTP")
    shown.add_argument("--http", type=_address, metavar="URL", help="for HTTP, with the bot's public address")
    shown.add_argument("--command", type=_slash, default="/bolt", help="the slash command (default: /bolt)")
    shown.set_defaults(handle=_manifest)
    return parser


def _run(_arguments: argparse.Namespace) -> int:
    settings = _settings()
    if settings is None:
        return USAGE_STATUS
    # Imported here, so that wrong settings are told at once.
    from bot.app import run  # noqa: PLC0415

    return asyncio.run(run(settings))


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
    if not _sandbox_installed():
        return 1
    from bot.sandbox.demo import demo  # noqa: PLC0415 - needs the extra

    return asyncio.run(demo(arguments.port, arguments.speed, tour=arguments.tour))


def _sandbox(arguments: argparse.Namespace) -> int:
    if not _sandbox_installed():
        return 1
    from bot.sandbox.server import serve  # noqa: PLC0415 - needs the extra

    return asyncio.run(serve(arguments.port, arguments.speed))


def _manifest(arguments: argparse.Namespace) -> int:
    sys.stdout.write(manifest(base_url=arguments.http, command=arguments.command))
    return 0


def _settings() -> Settings | None:
    for line in unknown():
        _complain(line)
    try:
        return load()
    except SettingsError as error:
        for line in error.lines:
            _complain(line)
        return None


def _sandbox_installed() -> bool:
    try:
        import graphql  # noqa: F401, PLC0415 - whether it is there is the question
    except ImportError:
        _complain("The sandbox needs the extra of that name: pip install 'bolt-bot[sandbox]'.")
        return False
    return True


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > PORT_MOST:
        raise argparse.ArgumentTypeError(f"a port is a number up to {PORT_MOST}")
    return int(text)


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
