"""Try CONTRIBUTING.md's examples: apply its diffs to a copy of the project, and run the checks and their tests there.

`make examples`
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```diff\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def main() -> None:
    """Exit with 1 if a diff doesn't apply or a check fails."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        files = run(ROOT, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
        for name in filter(None, files):
            if (ROOT / name).exists():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, copy / name)
        # With mypy's cache, files that haven't changed aren't checked again.
        if (ROOT / ".mypy_cache").exists():
            shutil.copytree(ROOT / ".mypy_cache", copy / ".mypy_cache")
        page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
        changed = sorted({name for diff in BLOCK.findall(page) for name in apply(copy, diff)})
        for tool in (("ruff", "check"), ("ruff", "format", "--check")):
            run(copy, sys.executable, "-m", *tool, *changed)
        run(copy, sys.executable, "-m", "mypy")
        for generator in ("commands", "hints", "messages"):
            run(copy, sys.executable, "-m", f"tools.{generator}")
        tests = [name for name in changed if Path(name).name.startswith("test_")]
        # Tests that cover examples without tests of their own, and tests of lists that have to be complete.
        tests += ["tests/core/logs/hints", "tests/slack/test_commands.py", "tests/test_commands_page.py"]
        sys.stdout.write(run(copy, sys.executable, "-m", "pytest", "-q", *tests))


def apply(copy: Path, diff: str) -> list[str]:
    """Apply a diff whose hunks have no line numbers. Returns the files that it changes."""
    names = []
    for part in re.split(r"^\+\+\+ ", diff, flags=re.MULTILINE)[1:]:
        name, _, body = part.partition("\n")
        path = copy / name
        text, at = path.read_text(encoding="utf-8") if path.exists() else "", 0
        for hunk in re.split(r"^@@.*\n", body, flags=re.MULTILINE)[1:]:
            lines = hunk.splitlines()
            old = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("+"))
            new = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("-"))
            found = text.find(old, at)
            if found < 0:
                sys.exit(f"The example for {name} in CONTRIBUTING.md doesn't fit anymore:\n{hunk}")
            text, at = text[:found] + new + text[found + len(old) :], found + len(new)
        path.write_text(text, encoding="utf-8")
        names.append(name)
    return names


def run(folder: Path, *command: str) -> str:
    """Run a program, and exit with what it printed if it fails. Returns what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - the callers are in this file
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
