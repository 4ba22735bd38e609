"""`bolt-bot doctor`: check the settings and the services they point to, and say what to do about each problem.

Each `check_…` module has the checks of one area; `examination` runs them, and `report` prints the findings.
"""

from __future__ import annotations

import argparse
import asyncio

from bot.cli.arguments import address
from bot.cli.console import add_env_file, env_file, say, terminal_columns

HELP = "check the settings and the services they point to"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument("--url", type=address, help="check that Slack's requests arrive at this address (HTTP mode)")
    add_env_file(parser)
    parser.set_defaults(handle=_doctor)


def _doctor(arguments: argparse.Namespace) -> int:
    # Imported here, so that `bolt-bot --help` stays fast.
    from bot.cli.doctor.examination import diagnose  # noqa: PLC0415
    from bot.cli.doctor.report import as_json, as_lines, exit_status  # noqa: PLC0415

    findings = asyncio.run(diagnose(env_file(arguments), public_url=arguments.url or ""))
    say(as_json(findings) if arguments.json else "\n".join(as_lines(findings, terminal_columns())))
    return exit_status(findings)
