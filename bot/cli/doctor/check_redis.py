"""The doctor's Redis checks. Anything they write is removed at once: see scripts/probe.lua.

`bot.store.fitness` decides which versions and settings of a server will do.
"""

from __future__ import annotations

import statistics
import time
from typing import cast, get_args

from redis.asyncio import Redis

from bot.cli.doctor.finding import Finding, ok, problem, warning
from bot.cli.doctor.fixes import Fixes, fix_for, network_fix
from bot.cli.doctor.subject import Check, Subject
from bot.core.model.errors import StoreRefused, StoreUnavailable, StoreUnfit
from bot.settings import Settings
from bot.store.connect import close, connect, server_facts, try_commands
from bot.store.embedded import EmbeddedRedis, find_server
from bot.store.fitness import MORE_DISK_SPACE, MORE_MEMORY, About, Facts, server_faults
from bot.store.redis_errors import REDIS_ERRORS, redis_address
from bot.store.tls_mismatch import WANTED

CONNECTION, PERMISSIONS = "Redis connection", "Redis permissions"
PINGS = 5
SLOW_MS = 50.0
# The minimum permissions that an ACL user needs. A test runs the checks with only these.
RULES = "~{keys}* +@read +@write +@transaction +@scripting +@connection -@dangerous +time +info +config|get"
# Part of a cause, the check that it's about, and the fix.
REFUSALS: tuple[tuple[str, str, str], ...] = (
    ("(OOM)", "Redis memory", MORE_MEMORY),
    ("(READONLY)", "Redis role", "Point REDIS_URL at the primary."),
    ("(MISCONF)", "Redis persistence", MORE_DISK_SPACE),
    ("(NOREPLICAS)", "Redis role", "Start its replicas, or lower min-replicas-to-write."),
    ("(NOPERM)", PERMISSIONS, "Give its user these rights: ACL SETUSER <user> {rules}"),
    ("lacks a command", PERMISSIONS, "Ask the server's provider to enable the command, or use another server."),
)
REACHING: Fixes = (
    (WANTED, "Use rediss:// instead of redis:// in REDIS_URL."),
    (
        "it requires a password",
        "Put the password in REDIS_URL, as in redis://user:…@host:6379/0 (without a user: redis://:…@host:6379/0).",
    ),
    (
        "it has no password",
        "Check that REDIS_URL names the right server. If it does, remove the password from REDIS_URL, or give the server one.",
    ),
    (
        "rejects the username or the password",
        "Correct the user and the password in REDIS_URL. Percent-encode characters like @, / and #: %40, %2F, %23.",
    ),
    (
        "a file named in REDIS_URL's options",
        "Correct the paths of ssl_ca_certs, ssl_certfile and ssl_keyfile in REDIS_URL, and make sure that the bot's user can read the files.",
    ),
    (
        "requires a client certificate",
        "Add ?ssl_certfile=/path/to/certificate.pem&ssl_keyfile=/path/to/key.pem to REDIS_URL.",
    ),
    ("protected mode", "Give the server's user a password, and put it in REDIS_URL."),
    ("no database with the number", "Correct the number at the end of REDIS_URL: most servers have databases 0 to 15."),
    ("isn't Redis", "Correct the host and port in REDIS_URL."),
    ("(LOADING)", "Wait until it has loaded its data."),
    ("(MASTERDOWN)", "Point REDIS_URL at the primary, or start it."),
    ("(CLUSTERDOWN)", "Start the missing nodes of the cluster."),
    (
        "no Sentinel knows",
        "Correct the primary's name at the end of REDIS_URL. To see it, run SENTINEL MASTERS on a Sentinel.",
    ),
    ("none of the cluster's nodes", "Correct the hosts in REDIS_URL, or start the cluster."),
    ("maximum number of clients", "Raise the server's maxclients, or close other clients."),
)


async def _redis(subject: Subject) -> list[Finding]:
    url = await redis_url(subject.settings)
    if url is None:
        return _embedded(subject)
    client = connect(url)
    try:
        return await _server(client, subject.settings.bolt_bot_name)
    finally:
        await close(client)


async def redis_url(settings: Settings) -> str | None:
    """Return Redis' address, or None if no Redis is running: an embedded Redis runs only as long as its bot."""
    held = settings.redis_url
    if held is not None:
        return held.get_secret_value()
    return await EmbeddedRedis(settings.bolt_bot_data_dir).running()


def _embedded(subject: Subject) -> list[Finding]:
    folder = subject.settings.bolt_bot_data_dir
    try:
        program = find_server()
    except StoreUnfit as unfit:
        said, _, fix = unfit.sentence.partition(": ")
        return [problem(CONNECTION, f"{said}.", f"{fix[:1].upper()}{fix[1:]}")]
    return [ok(CONNECTION, f"The bot runs its own server ({program}), which keeps its data in {folder}.")]


async def _server(client: Redis, name: str) -> list[Finding]:
    try:
        facts = await server_facts(client, name)
        answers_in_ms = await _round_trip_ms(client)
    except (StoreUnavailable, StoreUnfit) as away:
        return [_unreachable(away, name)]
    found = [_latency(redis_address(client), answers_in_ms), *_facts(facts)]
    refused = await _commands(client, name)
    # A failing command says more about a problem than INFO does.
    kept = [one for one in found if one.check != refused.check or (one.level == "problem" and refused.level != "ok")]
    return kept if any(one.check == refused.check for one in kept) else [*kept, refused]


def _unreachable(away: StoreUnavailable | StoreUnfit, name: str) -> Finding:
    cause = away.cause
    for part, check, fix in REFUSALS:
        if part in cause:
            return problem(check, f"Redis at {away.where} refuses commands: {cause}.", _with_rules(fix, name))
    fix = fix_for(cause, REACHING) or network_fix(
        cause,
        away.where,
        "REDIS_URL",
        schemes=("redis://", "rediss://"),
        authority="?ssl_ca_certs=/path/to/authority.pem at the end of REDIS_URL",
    )
    return problem(CONNECTION, f"Redis at {away.where} can't be used: {cause}.", fix)


async def _round_trip_ms(client: Redis) -> float:
    taken = []
    try:
        for _ in range(PINGS):
            began = time.perf_counter()
            await client.ping()
            taken.append((time.perf_counter() - began) * 1000)
    except REDIS_ERRORS as error:
        raise StoreUnavailable(cause="it stopped answering", where=redis_address(client)) from error
    return statistics.median(taken)


def _latency(where: str, answers_in_ms: float) -> Finding:
    if answers_in_ms > SLOW_MS:
        said = f"Redis at {where} takes {answers_in_ms:.0f} ms to answer. Everything the bot does takes several such requests."
        return warning(CONNECTION, said, "Run the bot closer to its Redis.")
    return ok(CONNECTION, f"Redis at {where} answers in {answers_in_ms:.1f} ms.")


def _facts(facts: Facts) -> list[Finding]:
    faults = server_faults(facts)
    seen = {"version": _version, "role": _role, "memory": _memory, "persistence": _persistence}
    found = []
    for about in cast("tuple[About, ...]", get_args(About)):
        check = f"Redis {about}"
        bad = [
            (problem if one.is_fatal else warning)(check, one.sentence, one.fix) for one in faults if one.about == about
        ]
        found += bad or [seen[about](facts, check)]
    return found


def _version(facts: Facts, check: str) -> Finding:
    valkey = facts.get("valkey_version")
    return ok(check, f"Valkey {valkey}." if valkey else f"Redis {facts['redis_version']}.")


def _role(facts: Facts, check: str) -> Finding:
    if "role" not in facts:
        return _unseen(check, "The server's role")
    return ok(check, "It's the primary.")


def _memory(facts: Facts, check: str) -> Finding:
    used, most = facts.get("used_memory"), facts.get("maxmemory")
    if used is None or most is None:
        return _unseen(check, "The policy is noeviction. The free memory")
    if not most:
        return ok(check, f"{_megabytes(used)} used, no maxmemory, and nothing is evicted.")
    free = max(0, most - used)
    return ok(check, f"{_megabytes(free)} of {_megabytes(most)} free, and nothing is evicted.")


def _persistence(facts: Facts, check: str) -> Finding:
    if "aof_enabled" not in facts:
        return _unseen(check, "The append-only file")
    how = facts.get("appendfsync")
    if how is None:
        return _unseen(check, "The append-only file is on. How often it's written to disk (appendfsync)", "CONFIG GET")
    return ok(check, f"The append-only file is on, and written to disk {'every second' if how == 'everysec' else how}.")


def _unseen(check: str, what: str, command: str = "INFO") -> Finding:
    said = f"{what} was not checked, because {command} isn't permitted."
    return warning(check, said, f"Allow the bot's Redis user to run {command}, or check the server yourself.")


async def _commands(client: Redis, name: str) -> Finding:
    try:
        await try_commands(client, name)
    except StoreRefused as refused:
        for part, check, fix in REFUSALS:
            if part in refused.cause:
                return problem(check, f"It refuses commands: {refused.cause}.", _with_rules(fix, name))
        return problem(PERMISSIONS, f"It refuses commands: {refused.cause}.", "Read the server's log.")
    except StoreUnavailable as away:
        return problem(PERMISSIONS, f"It stopped answering: {away.cause}.", "Read the server's log.")
    return ok(PERMISSIONS, f"Every command that the bot uses works on its keys, {{bolt:{name}}}:*.")


def _with_rules(fix: str, name: str) -> str:
    return fix.replace("{rules}", RULES.replace("{keys}", f"{{bolt:{name}}}:"))


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB"


CHECKS = (Check(CONNECTION, _redis),)
