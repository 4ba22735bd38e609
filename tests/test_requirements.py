"""The locked requirements agree with each other and with pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def locked(name: str) -> set[str]:
    """The packages in a list, with versions and markers."""
    lines = (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
    return {line.removesuffix(" \\") for line in lines if re.match(r"\w", line)}


def names(pinned: set[str]) -> set[str]:
    """The names of these requirements, without versions."""
    return {re.split(r"[\[=]", one)[0] for one in pinned}


def test_charts_only_add_packages() -> None:
    """A larger list contains the smaller ones, in the same versions."""
    assert locked("run.txt") < locked("run-charts.txt") < locked("dev.txt")


def test_the_extra_for_charts_is_only_where_it_belongs() -> None:
    """The charts extra's packages are only in the list with charts."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    asked = {re.split(r"[<>=]", one)[0] for one in extras["charts"]}
    assert asked
    assert asked <= names(locked("run-charts.txt"))
    assert not asked & names(locked("run.txt"))


def test_the_build_backend_is_locked_too() -> None:
    """Both packages are built with the locked backend."""
    (asked,) = (
        line
        for line in (ROOT / "requirements" / "build.in").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    )
    for package in (ROOT, ROOT / "sandbox"):
        system = tomllib.loads((package / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
        assert system["requires"] == [asked]
    assert locked("build.txt") <= locked("dev.txt")


def test_every_package_has_a_hash() -> None:
    """Every package in every list has a hash, so that nothing else can be installed under its name."""
    for path in (*(ROOT / "requirements").glob("*.txt"), *(ROOT / "tests").glob("*/requirements.txt")):
        text = path.read_text(encoding="utf-8")
        assert len(re.findall(r"^\w", text, re.MULTILINE)) == len(re.findall(r"^\w.*\\\n +--hash=", text, re.MULTILINE))


def test_running_needs_no_tool() -> None:
    """`make install` installs no development tool."""
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]["dev"]
    asked = {re.split(r"[<>=]", one)[0] for one in tools} - {"pyyaml"}
    assert asked <= names(locked("dev.txt"))
    assert not asked & names(locked("run-charts.txt"))
