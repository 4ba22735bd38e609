"""No port is chosen ahead of time, because a free port may be taken before it's bound."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.ports import FIRST, LAST, claims

ROOT = Path(__file__).parents[1]
FOLDERS = ("bot", "bench", "tests", "tools")
NAME = re.compile(r"(free|unused|available|spare|random)_?(tcp_?)?port", re.IGNORECASE)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

PROBES = (
    """
def a_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
""",
    """
async def test_it():
    probe = socket.socket()
    probe.bind(("", 0))
    port = probe.getsockname()[1]
    probe.close()
""",
    "from tests.somewhere import free_port",
    "port = unused_tcp_port()",
)
BOUND = """
async def test_it():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        assert await asks(silent.getsockname()[1]) is None
    await client.close()
"""


def faults(source: str) -> list[str]:
    """The places where a port is chosen before it's bound: a name that says so, or a socket that's bound and closed."""
    if "getsockname" not in source and not NAME.search(source):
        return []
    tree = ast.parse(source)
    found = [name for node in ast.walk(tree) for name in names(node) if NAME.search(name)]
    for function in (node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)):
        called: dict[str, set[str]] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                called.setdefault(node.func.attr, set()).add(ast.unparse(node.func.value))
        returns = any(isinstance(node, ast.Return) and node.value for node in ast.walk(function))
        closes = called.get("bind", set()) & called.get("close", set())
        if {"bind", "getsockname"} <= called.keys() and (returns or closes):
            found.append(f"{function.name} binds a port and gives it away")
    return found


def names(node: ast.AST) -> list[str]:
    """The names in a node of a program."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        return [node.attr]
    if isinstance(node, FUNCTIONS):
        return [node.name]
    return [alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) else []


def test_no_port_is_chosen_before_it_is_bound() -> None:
    """No code chooses a port before binding it: bind port 0, keep the socket, or use `tests.ports`."""
    found = [
        f"{path.relative_to(ROOT)}: {fault}"
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
        for fault in faults(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("source", PROBES)
def test_a_port_that_is_looked_up_is_found(source: str) -> None:
    """A port that's looked up is found, with or without a helper, and by its usual names."""
    assert faults(source)


def test_a_port_that_stays_bound_is_fine() -> None:
    """A port that stays bound is fine, because no other process can take it."""
    assert faults(BOUND) == []


def test_a_claimed_port_is_ours_alone() -> None:
    """Claimed ports are different, and below those that the system assigns."""
    one, other = next(claims()), next(claims())
    assert one.port != other.port
    assert FIRST <= min(one.port, other.port) < max(one.port, other.port) <= LAST
    one.release()
    other.release()
