"""Whether a Redis server is fit for the bot, according to INFO and CONFIG. Shared by startup and the doctor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

OLDEST = (7, 0)
NEARLY_FULL = 0.9
# Fixes. A refused command, which the doctor explains, may have the same cause as a fault here.
MORE_MEMORY = "Raise maxmemory, or remove other data from the server."
MORE_DISK_SPACE = "Free up space on its disk, and check the Redis log."

Facts = Mapping[str, Any]
About = Literal["version", "role", "memory", "persistence"]


@dataclass(frozen=True, slots=True)
class ServerFault:
    """Something about a server that should change. If it's fatal, the bot doesn't start."""

    about: About
    sentence: str
    fix: str
    is_fatal: bool = False


def server_faults(facts: Facts) -> list[ServerFault]:
    """Return what should change, the fatal faults first. An unreported fact is a fault if it could be fatal."""
    found = [*_version(facts), *_role(facts), *_memory(facts), *_persistence(facts)]
    return sorted(found, key=lambda fault: not fault.is_fatal)


def _version(facts: Facts) -> list[ServerFault]:
    if "redis_version" not in facts:
        sentence = "Redis doesn't report its version (INFO isn't permitted). It should be 7.0 or later."
        return [
            ServerFault("version", sentence, "Allow the bot's Redis user to run INFO, or check the version yourself.")
        ]
    version = str(facts["redis_version"])
    found = re.match(r"(\d+)\.(\d+)", version)
    # Valkey reports itself as Redis 7.2.4 or later here, so one comparison covers both.
    if found and (int(found[1]), int(found[2])) < OLDEST:
        sentence = f"Redis is version {version}, but the bot needs 7.0 or later."
        return [ServerFault("version", sentence, "Upgrade the server, or use Valkey.", is_fatal=True)]
    return []


def _role(facts: Facts) -> list[ServerFault]:
    if facts.get("role") in {"slave", "replica"}:
        sentence = "REDIS_URL points at a read-only replica."
        return [ServerFault("role", sentence, "Point it at the primary.", is_fatal=True)]
    return []


def _memory(facts: Facts) -> list[ServerFault]:
    policy = facts.get("maxmemory_policy")
    if policy is None:
        sentence = "Redis doesn't report its maxmemory-policy. It should be noeviction."
        return [
            ServerFault("memory", sentence, "Allow the bot's Redis user to run INFO, or check the policy yourself.")
        ]
    if policy != "noeviction":
        sentence = f"Redis has the maxmemory-policy {policy}, which deletes data."
        return [ServerFault("memory", sentence, "Set it to noeviction.", is_fatal=True)]
    used, most = _number(facts, "used_memory"), _number(facts, "maxmemory")
    if most and used >= NEARLY_FULL * most:
        sentence = f"Redis uses {used / most:.0%} of its maxmemory. When it's full, nothing can be started or followed."
        return [ServerFault("memory", sentence, MORE_MEMORY)]
    return []


def _persistence(facts: Facts) -> list[ServerFault]:
    found = []
    if facts.get("aof_enabled") == 0:
        sentence = (
            "Redis has its append-only file turned off, so a crash loses everything written since the last snapshot."
        )
        found.append(ServerFault("persistence", sentence, "Set appendonly to yes."))
    elif facts.get("appendfsync") == "no":
        sentence = (
            "Redis has appendfsync set to no, so a crash of its machine loses the data that the system hasn't written to disk yet, often half a "
            "minute's worth."
        )
        found.append(ServerFault("persistence", sentence, "Set appendfsync to everysec."))
    if "err" in {facts.get("aof_last_write_status"), facts.get("aof_last_bgrewrite_status")}:
        sentence = "Redis failed to write its append-only file."
        found.append(ServerFault("persistence", sentence, MORE_DISK_SPACE))
    if facts.get("rdb_last_bgsave_status") == "err":
        sentence = "Redis failed to write its last snapshot."
        found.append(ServerFault("persistence", sentence, MORE_DISK_SPACE))
    return found


def _number(facts: Facts, name: str) -> int:
    value = facts.get(name)
    return value if isinstance(value, int) else 0
