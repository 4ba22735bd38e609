"""`bolt-bot healthcheck`: ask the running bot whether it's alive, or ready.

Runs every few seconds, so it imports little: not even the settings' own module.

`bot.readiness` decides whether the bot is ready.
"""

from __future__ import annotations

import argparse
import http.client
from contextlib import closing

from bot.cli.console import add_env_file, complain, env_file, say
from bot.environment import EnvFile, read_environment

HELP = "ask the running bot whether it's alive, or ready"

# The same as in the settings.
DEFAULTS = {"BOLT_BOT_HTTP_HOST": "0.0.0.0", "BOLT_BOT_HTTP_PORT": "8080"}  # noqa: S104 - where the bot listens
ADMIN = ("BOLT_BOT_ADMIN_HOST", "BOLT_BOT_ADMIN_PORT")
# A bot that listens on all addresses is asked on the loopback interface.
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - as above
ALIVE_S = 4.0
# The bot takes up to 10 s to find out whether it's ready.
READY_S = 11.0
REASONS_MOST = 2000


class _UnhealthyError(Exception):
    """The bot isn't healthy. The message says why, in one sentence."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "--ready", action="store_true", help="ask whether it's ready (/readyz), not only alive (/healthz)"
    )
    add_env_file(parser)
    parser.set_defaults(handle=_healthcheck)


def _healthcheck(arguments: argparse.Namespace) -> int:
    try:
        host, port = _address(env_file(arguments))
        if arguments.ready:
            _ask(host, port, "/readyz", READY_S)
        else:
            _ask(host, port, "/healthz", ALIVE_S)
    except _UnhealthyError as error:
        complain(str(error))
        return 1
    say("The bot is ready." if arguments.ready else "The bot is alive.")
    return 0


def _address(file: EnvFile | None) -> tuple[str, int]:
    given = read_environment((*DEFAULTS, *ADMIN), file)
    for line in given.problems.values():
        raise _UnhealthyError(line)
    values = {**DEFAULTS, **given.values}
    name = next(name for name in (ADMIN[1], "BOLT_BOT_HTTP_PORT") if name in values)
    host = values["BOLT_BOT_HTTP_HOST"]
    if name in ADMIN:
        host = values.get(ADMIN[0], host)
    try:
        port = int(values[name])
    except ValueError:
        raise _UnhealthyError(f"{name} should be a whole number") from None
    if not 0 < port <= 65535:
        raise _UnhealthyError(f"{name} should be from 1 to 65535, so that the bot can be reached there")
    return LOOPBACK.get(host, host), port


def _ask(host: str, port: int, path: str, timeout_s: float) -> None:
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    # http.client ignores proxies, as it should here: the request must not leave this machine.
    try:
        with closing(http.client.HTTPConnection(host, port, timeout=timeout_s)) as connection:
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read(REASONS_MOST)
    except TimeoutError:
        raise _UnhealthyError(f"The bot didn't answer at {where} within {timeout_s:g} s.") from None
    except OSError as error:
        raise _UnhealthyError(f"The bot doesn't answer at {where} ({error.strerror or 'no answer'}).") from None
    except (http.client.InvalidURL, UnicodeError):
        raise _UnhealthyError(f"{where} isn't an address.") from None
    except (http.client.HTTPException, ValueError):
        raise _UnhealthyError(f"Something other than the bot answers at {where}.") from None
    if response.status == 503:
        raise _UnhealthyError(f"The bot isn't ready: {_reasons(body)}.")
    if response.status != 200:
        raise _UnhealthyError(
            f"Something answers at {where}, but it has no {path} (status {response.status}): it isn't the bot, or it's the "
            "wrong port."
        )


def _reasons(body: bytes) -> str:
    from bot.core.redact.masker import Masker  # noqa: PLC0415 - takes longer to import than all the rest

    return Masker().mask("; ".join(body.decode("utf-8", "replace").split("\n")).strip(";. ") or "no reason given")
