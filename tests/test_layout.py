"""Readers find things: a test is at the same path as the module it tests, and modules that docstrings name exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# With the reason why a module has no test of its own.
WITHOUT = {
    "bot/flows/ports": "protocols: the type checker holds them",
    "bot/core/text/quoting.py": "read back in tests/core/commands/test_tokens.py, whatever the text",
    "bot/core/model/follow_request.py": "a record with a name",
    # Several steps of reading a command, which tests/core/commands/test_grammar.py and test_guess.py test together.
    "bot/core/commands/given.py": "in test_grammar.py",
    "bot/core/commands/verbs.py": "in test_grammar.py",
    "bot/core/commands/talk.py": "in test_guess.py",
    "bot/core/schedules/resolve_guess.py": "in test_guess.py",
    "bot/core/views/guess.py": "in test_guess.py",
    "bot/flows/answer_guess.py": "in tests/e2e/test_mentions.py",
    "bot/flows/links.py": "two addresses: tests of the cards that link to them",
    "bot/flows/start_while_running.py": "in tests/flows/test_start.py and test_start_queue.py, where starts meet a run",
    "bot/flows/start_settings.py": "in tests/flows/test_start.py",
    "bot/flows/read_home.py": "in tests/flows/test_home.py, which shows what it reads",
    "bot/flows/read_requested_file.py": "in tests/flows/test_post_file.py, which posts what it reads",
    "bot/flows/read_followed_run.py": "in tests/flows/test_follow_run.py and test_usual_duration.py",
    "bot/core/text/yaml_file.py": "in tests/core/policy/test_file.py and tests/core/logs/hints/test_file.py, which read with it",
}


def modules() -> list[str]:
    """Every module of the core and the flows with something to test."""
    paths = sorted(path for folder in ("core", "flows") for path in (ROOT / "bot" / folder).rglob("*.py"))
    return [str(path.relative_to(ROOT)) for path in paths if path.name != "__init__.py" and does_something(path)]


def does_something(path: Path) -> bool:
    """Whether it has a function or method: records alone have nothing to test."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) for node in ast.walk(tree))


@pytest.mark.parametrize("module", modules())
def test_each_module_has_its_test(module: str) -> None:
    """Each module has its test file, so that anyone who changes the module knows which test to run."""
    if any(module == name or module.startswith(f"{name}/") for name in WITHOUT):
        return
    assert has_test(module), (
        f"tests/{Path(module).relative_to('bot').with_name(f'test_{Path(module).name}')} is missing"
    )


def has_test(module: str) -> bool:
    """Whether the module's test file exists."""
    path = Path(module).relative_to("bot")
    return (ROOT / "tests" / path.with_name(f"test_{path.name}")).exists()


def test_no_exception_outlives_its_module() -> None:
    """The list of modules without a test names none that has been removed or has a test."""
    assert [name for name in WITHOUT if not (ROOT / name).exists() or has_test(name)] == []


# The folder of each package.
PACKAGES = {"bot": ROOT / "bot", "bolt_sandbox": ROOT / "sandbox" / "bolt_sandbox", "bench": ROOT / "bench"}
NAMED = re.compile(r"`(bot|bolt_sandbox|bench)((?:\.\w+)+)`")
SCRIPT = re.compile(r"(\w+)\.lua\b")


def texts() -> dict[str, str]:
    """The text of every module and script, by path."""
    paths = [path for folder in (*PACKAGES.values(), ROOT / "tests") for path in folder.rglob("*.py")]
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in (*paths, *scripts().values())}


def scripts() -> dict[str, Path]:
    """The scripts by name."""
    return {path.stem: path for path in (ROOT / "bot" / "store" / "scripts").rglob("*.lua")}


def is_there(package: str, names: list[str]) -> bool:
    """Whether a module exists. Its last name may be something that the module defines."""
    path = PACKAGES[package].joinpath(*names)
    module = path.parent.with_suffix(".py")
    return path.is_dir() or path.with_suffix(".py").exists() or (module.exists() and names[-1] in module.read_text())


def test_modules_and_scripts_that_docstrings_name_exist() -> None:
    """No docstring or comment sends its reader to a module or script that was renamed or removed."""
    known, found = scripts(), texts()
    named = [(file, *match.groups()) for file, text in found.items() for match in NAMED.finditer(text)]
    assert len(named) > 500
    assert [one for one in named if not is_there(one[1], one[2].removeprefix(".").split("."))] == []
    assert [(file, one) for file, text in found.items() for one in SCRIPT.findall(text) if one not in known] == []
