"""The Markdown pages as tests read them: their prose, their blocks of code, and the lines of code in both."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Made by a tool, which has a test of its own.
GENERATED = {"bench/results.md", "docs/hints.md", "docs/messages.md", "sandbox/bolt_sandbox/page/licenses.md"}
FENCE = re.compile(r"^ *(`{3,})([^\n]*)\n(.*?)^ *\1$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`]+)`")
# The languages of blocks that show something, rather than what to type.
SHOWN = frozenset({"diff", "mermaid", "text", "yaml"})


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code: below which heading of the second level, and below which of any, and its language and text."""

    section: str
    heading: str
    language: str
    text: str

    def lines(self) -> list[str]:
        """The commands in it: without comments, and one that goes on below a backslash is one."""
        whole = re.sub(r"\\\n *", "", self.text)
        return [line for one in whole.splitlines() if (line := re.sub(r"(^|\s+)# .*$", "", one).strip())]


@cache
def pages() -> tuple[str, ...]:
    """Every Markdown file that the repository has, but for generated ones."""
    listed = subprocess.run(
        ("git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"),  # noqa: S607 - the developer's git
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = listed.stdout.split() if not listed.returncode else [str(one.relative_to(ROOT)) for one in _found()]
    return tuple(name for name in sorted(names) if name not in GENERATED and (ROOT / name).exists())


def _found() -> list[Path]:
    """The same without git."""
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "sandbox" / "README.md"]


def read(name: str) -> str:
    """A page's text."""
    return (ROOT / name).read_text(encoding="utf-8")


def prose(text: str) -> str:
    """A page without its blocks of code."""
    return FENCE.sub("", text)


def blocks(text: str) -> list[Block]:
    """Its blocks of code, in order."""
    found = []
    for match in FENCE.finditer(text):
        headings = re.findall(r"^(#+) (.*)$", prose(text[: match.start()]), re.MULTILINE)
        section = next((words for level, words in reversed(headings) if len(level) == 2), "")
        indent = len(match[0]) - len(match[0].lstrip(" "))
        shown = "\n".join(line[indent:] for line in match[3].splitlines())
        found.append(Block(section, headings[-1][1] if headings else "", match[2].strip(), shown))
    return found


def inline(text: str) -> list[str]:
    """What is between backticks in its prose, each in one line."""
    return [" ".join(one.split()) for one in CODE.findall(prose(text))]


def table(name: str, heading: str) -> list[list[str]]:
    """The cells of a page's table under a heading, without its head."""
    match = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", read(name), re.MULTILINE | re.DOTALL)
    assert match is not None, f"there is no heading {heading}"
    lines = [line for line in match[1].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
