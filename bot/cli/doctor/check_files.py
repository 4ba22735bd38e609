"""The doctor's checks of this machine: the data directory of the embedded Redis, and the ports."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import shutil
import socket
import tempfile
from http import HTTPStatus
from pathlib import Path

import aiohttp

from bot.cli.doctor.finding import Finding, ok, problem, warning
from bot.cli.doctor.subject import Check, Subject
from bot.settings import Settings

DATA, PORT = "data directory", "port"
NAME = "BOLT_BOT_DATA_DIR"
# The disk space that Redis may need to rewrite a large append-only file.
FREE_LEAST = 200 * 2**20
MEBIBYTE = 2**20
PROBE_BYTES = 64 * 1024
LISTED_MOST = 10_000
HEALTH_S = 2.0
ANY = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - addresses to ask, not to listen on
FIXES = {
    errno.ENOSPC: "Free up space on that disk, or set {name} to a directory on another one.",
    errno.EDQUOT: "Raise the disk quota of the user that runs the bot.",
    errno.EROFS: "Mount it as writable, or set {name} to a directory on a writable volume.",
    errno.ENOTDIR: "Set {name} to a directory: part of that path is a file.",
}

PORT_FIXES = {
    errno.EADDRINUSE: "Another program is listening there: stop it, or set another port.",
    errno.EACCES: "Ports below 1024 need special privileges: set a higher port.",
}


async def _data(subject: Subject) -> list[Finding]:
    """Check the directory in which the embedded Redis keeps the data."""
    if subject.settings.redis_url is not None:
        return []
    directory = subject.settings.bolt_bot_data_dir.absolute()
    found = await asyncio.to_thread(check_directory, directory)
    holder = holder_of(directory)
    if found.level == "problem" or not holder:
        return [found]
    if await _is_running(subject.settings):
        return [found, ok(DATA, f"The running bot ({holder}) is using it. A second bot needs a directory of its own.")]
    said = f"{NAME} ({directory}) is in use by another bot ({holder}), so this one can't start."
    return [found, problem(DATA, said, f"Stop that one, or give each bot its own directory in {NAME}.")]


def check_directory(directory: Path, *, free_least: int = FREE_LEAST) -> Finding:
    """Check that the bot can keep its data in a directory, by writing a file there for a moment."""
    if directory.exists() and not directory.is_dir():
        return problem(DATA, f"{NAME} ({directory}) is a file.", f"Set {NAME} to a directory.")
    existing = next(one for one in (directory, *directory.parents) if os.path.lexists(one))
    try:
        _write(existing)
    except OSError as error:
        return problem(DATA, f"{NAME} ({directory}) isn't writable: {reason(error, existing)}.", fix(error, directory))
    if existing != directory:
        return ok(DATA, f"{NAME} ({directory}) doesn't exist yet. The bot will create it.")
    if (foreign := _foreign(directory / "redis")) is not None:
        said = f"{foreign} belongs to another user ({_owners(foreign)}), so the bot can't change it."
        return problem(
            DATA, said, f"Make the bot's user the owner of everything in it: chown -R {os.geteuid()} {directory}"
        )
    free = shutil.disk_usage(directory).free
    if free < free_least:
        said = f"The disk with {NAME} ({directory}) has only {free // MEBIBYTE} MB left."
        return warning(DATA, said, "Free up space there: once the disk is full, nothing can be recorded or started.")
    return ok(DATA, f"{NAME} ({directory}) is writable, with {free // MEBIBYTE} MB left.")


def reason(error: OSError, directory: Path) -> str:
    """Return why a directory isn't writable."""
    if error.errno in {errno.EACCES, errno.EPERM}:
        if _is_own(directory):
            return f"permission denied; {directory} belongs to the bot's user ({os.geteuid()}), but is read-only"
        return f"permission denied; {directory} belongs to another user, or is read-only ({_owners(directory)})"
    return (error.strerror or "no reason given").lower()


def fix(error: OSError, directory: Path) -> str:
    """Return what to do if the data directory isn't writable, or can't be created."""
    known = FIXES.get(error.errno or 0, "Set {name} to a directory that the bot's user can write to.")
    if error.errno in {errno.EACCES, errno.EPERM}:
        # Never change the owner of a directory above it, which others may use too.
        if _is_own(directory):
            known = "Make it writable: chmod u+rwx {path}"
        elif directory.exists():
            known = "Make the bot's user its owner: {chown}"
        else:
            known = "Create it: mkdir -p {path} && {chown}"
    return known.format(name=NAME, path=directory, chown=f"chown -R {os.geteuid()} {directory}")


def _is_own(path: Path) -> bool:
    """Whether the path exists, and belongs to the bot's user."""
    with contextlib.suppress(OSError):
        return path.stat().st_uid == os.geteuid()
    return False


def _owners(path: Path) -> str:
    with contextlib.suppress(OSError):
        return f"its owner is user {path.stat().st_uid}, but the bot runs as user {os.geteuid()}"
    return f"the bot runs as user {os.geteuid()}"


def _write(directory: Path) -> None:
    """Write a file, and remove it. Raises OSError."""
    with tempfile.TemporaryFile(prefix=".bolt-bot-doctor-", dir=directory) as file:
        file.write(bytes(PROBE_BYTES))
        file.flush()
        os.fsync(file.fileno())


def _foreign(redis: Path) -> Path | None:
    """Return a file of the embedded Redis that this user can't change, or None if there's none."""
    if not redis.exists():
        return None
    if redis.stat().st_uid != os.geteuid() != 0:
        # The bot sets the directory's permissions at each start, which only its owner may do.
        return redis
    files = [redis, *(path for path, _ in zip(redis.rglob("*"), range(LISTED_MOST), strict=False))]
    usable = [path for path in files if not path.is_socket()]
    return next((path for path in usable if not os.access(path, os.R_OK | os.W_OK, effective_ids=True)), None)


def holder_of(directory: Path) -> str:
    """Return the name of the process that uses a directory, or an empty string if there is none.

    This takes a shared lock only for a moment: a bot that is just starting keeps trying for longer than that.
    """
    with contextlib.suppress(OSError), (directory / "redis" / "lock").open("r") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return f"process {lock.read(20).strip() or 'of another container'}"
    return ""


async def _ports(subject: Subject) -> list[Finding]:
    settings = subject.settings
    found = [await check_port(settings.bolt_bot_http_host, settings.bolt_bot_http_port, "BOLT_BOT_HTTP_PORT")]
    if settings.bolt_bot_admin_port is not None:
        host = settings.bolt_bot_admin_host or settings.bolt_bot_http_host
        found.append(await check_port(host, settings.bolt_bot_admin_port, "BOLT_BOT_ADMIN_PORT"))
    if any(one.level == "problem" for one in found) and await _is_running(settings):
        return [
            ok(PORT, "A bot is already running and listening there. A second one on this machine needs another port.")
        ]
    return found


async def check_port(host: str, port: int, setting: str) -> Finding:
    """Check that the bot can listen on a port, without accepting connections there."""
    where = f"{setting.removesuffix('PORT')}HOST and {setting} ({host}:{port})"
    try:
        known = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, kind, protocol, _, address in known:
            with socket.socket(family, kind, protocol) as one:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                one.bind(address)
    except OSError as error:
        fix = PORT_FIXES.get(
            error.errno or 0, "Set the host to one of this machine's addresses, or to 0.0.0.0 for all of them."
        )
        return problem(PORT, f"Can't listen on {where}: {(error.strerror or '').lower()}.", fix)
    return ok(PORT, f"The port of {where} is free." if port else f"{where}: the system picks a port.")


async def _is_running(settings: Settings) -> bool:
    """Whether a bot answers at the address that this one would listen on."""
    separate = settings.bolt_bot_admin_port is not None
    host = (separate and settings.bolt_bot_admin_host) or settings.bolt_bot_http_host
    port = settings.bolt_bot_admin_port if separate else settings.bolt_bot_http_port
    host = ANY.get(host, host)
    where = f"[{host}]" if ":" in host else host
    with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError, ValueError):
        async with (
            asyncio.timeout(HEALTH_S),
            aiohttp.ClientSession() as session,
            session.get(f"http://{where}:{port}/healthz") as answer,
        ):
            return answer.status == HTTPStatus.OK and await answer.content.read(16) == b"ok\n"
    return False


CHECKS = (Check(DATA, _data), Check(PORT, _ports))
