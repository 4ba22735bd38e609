"""The bot and its sandbox as two distributions: what each contains, and how the bot finds the sandbox."""

from __future__ import annotations

import ast
import asyncio
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import aiohttp
import pytest

from tests.waiting import PATIENCE_S

ROOT = Path(__file__).parents[1]
COMMANDS = ("demo", "sandbox")

# The module that finds the sandbox if it's installed, and the command that uses it.
FINDERS = frozenset({"find_sandbox.py", "cli/sandbox.py"})


def build(folder: Path, what: Literal["wheel", "sdist"], out: Path) -> Path:
    """Build a distribution as pip and uv do, but with the backend that is installed here."""
    code = f"import sys, uv_build; print(uv_build.build_{what}(sys.argv[1]))"
    # The backend looks for its program on PATH.
    path = os.pathsep.join((sysconfig.get_path("scripts"), os.environ["PATH"]))
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", code, out],
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
    )
    return out / done.stdout.split()[-1]


def project(folder: Path) -> dict[str, Any]:
    """The project table of a pyproject.toml."""
    found: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found


def ranges(folder: Path) -> dict[str, str]:
    """The declared dependencies with their version ranges."""
    named = (re.fullmatch(r"([\w.-]+)(.*)", one) for one in project(folder)["dependencies"])
    return {found[1]: found[2] for found in named if found}


@dataclass(frozen=True, slots=True)
class Wheels:
    """Both wheels, unpacked into separate folders, and a folder with everything else that's installed here."""

    bot: Path
    sandbox: Path
    others: Path

    def environment(self, *more: Path) -> dict[str, str]:
        """An environment with the bot's wheel, and others if given."""
        path = os.pathsep.join(map(str, (self.bot, *more, self.others)))
        return {"PATH": os.environ["PATH"], "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Wheels:
    """Build both wheels."""
    folder = tmp_path_factory.mktemp("wheels")
    made = Wheels(folder / "bot", folder / "sandbox", folder / "others")
    for source, into in ((ROOT, made.bot), (ROOT / "sandbox", made.sandbox)):
        with zipfile.ZipFile(build(source, "wheel", folder)) as wheel:
            wheel.extractall(into)  # noqa: S202 - just built
    made.others.mkdir()
    for each in Path(sysconfig.get_path("purelib")).iterdir():
        if not each.name.startswith("bolt_bot"):
            (made.others / each.name).symlink_to(each)
    return made


async def start(command: str, folder: Path, environment: dict[str, str]) -> asyncio.subprocess.Process:
    """Start a command of the bot with this environment only: -S leaves out the packages installed here."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-S", "-m", "bot", command),
        cwd=folder,
        env=environment,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )


async def refused(command: str, folder: Path, environment: dict[str, str]) -> str:
    """Run a command that can't find its sandbox, and return the single line that it prints."""
    process = await start(command, folder, environment)
    out, err = await process.communicate()
    assert process.returncode == 2, err.decode()
    assert out == b""
    (line,) = err.decode().splitlines()
    return line


def test_the_bots_wheel_has_no_sandbox(wheels: Wheels) -> None:
    """The bot's wheel has only the package `bot` and its metadata: none of the sandbox's files or dependencies."""
    names = {path.name for path in wheels.bot.iterdir()}
    assert names == {"bot", f"bolt_bot-{project(ROOT)['version']}.dist-info"}
    assert not [
        path
        for path in wheels.bot.rglob("*")
        if path.match("*sandbox*") and path.relative_to(wheels.bot / "bot").as_posix() not in FINDERS
    ]
    assert "graphql-core" not in ranges(ROOT)
    assert "sandbox" not in project(ROOT).get("optional-dependencies", {})


def test_the_bots_sdist_has_no_sandbox(tmp_path: Path) -> None:
    """The bot's sdist has only its package, the files needed to build it, and those that describe it."""
    with tarfile.open(build(ROOT, "sdist", tmp_path)) as packed:
        names = [name.partition("/")[2] for name in packed.getnames()]
    folders = {name.partition("/")[0] for name in names if "/" in name}
    assert folders == {"bot"}
    assert {name for name in names if "sandbox" in name} == {f"bot/{finder}" for finder in FINDERS}


def test_the_sandboxs_wheel_has_its_page_but_not_the_source(wheels: Wheels) -> None:
    """The sandbox's wheel has its built page, so it needs neither the repository nor Node."""
    package = wheels.sandbox / "bolt_sandbox"
    page = {str(path.relative_to(package / "page")) for path in (package / "page").rglob("*") if path.is_file()}
    assert page == {"index.html", "licenses.md", "assets/page.js", "assets/page.css"}
    assert (package / "bolt" / "schema.graphql").is_file()
    assert not list(wheels.sandbox.rglob("*.tsx"))
    assert {path.name for path in wheels.sandbox.iterdir()} == {
        "bolt_sandbox",
        f"bolt_bot_sandbox-{project(ROOT / 'sandbox')['version']}.dist-info",
    }


@pytest.mark.parametrize("command", COMMANDS)
async def test_without_the_sandbox_the_command_says_what_to_install(
    wheels: Wheels, tmp_path: Path, command: str
) -> None:
    """Without the sandbox, its commands end with status 2 and one sentence that says what to install."""
    said = await refused(command, tmp_path, wheels.environment())
    assert said == (
        "The sandbox isn't installed: in a clone of the repository, install bolt-bot-sandbox with `pip install ./sandbox`."
    )


async def test_with_it_the_sandbox_is_found_and_serves_its_page(wheels: Wheels, tmp_path: Path) -> None:
    """The sandbox is found and serves its page from its wheel alone."""
    process = await start("sandbox", tmp_path, wheels.environment(wheels.sandbox))
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_S), aiohttp.ClientSession() as session:
            while not (line := await process.stdout.readline()).startswith(b"export PARADIME_APP_URL="):
                assert line, "it has ended"
            async with session.get(line.decode().strip().partition("=")[2]) as reply:
                assert reply.status == 200
                assert "page/assets/page.js" in await reply.text()
    finally:
        process.terminate()
        await process.communicate()
    assert process.returncode == 0


async def test_a_sandbox_of_another_version_is_refused(wheels: Wheels, tmp_path: Path) -> None:
    """A sandbox of another version is refused, because with it the bot would fail later, with less explanation."""
    other = tmp_path / "bolt_bot_sandbox-9.8.7.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: bolt-bot-sandbox\nVersion: 9.8.7\n")
    (other / "entry_points.txt").write_text("[bolt_bot.sandbox]\ndemo = bolt_sandbox.demo:demo\n")
    said = await refused("demo", tmp_path, wheels.environment(tmp_path))
    assert said.startswith(
        f"bolt-bot-sandbox 9.8.7 doesn't match bolt-bot {project(ROOT)['version']}: install it again"
    )


async def test_a_sandbox_without_what_it_needs_is_refused(wheels: Wheels, tmp_path: Path) -> None:
    """A sandbox without a dependency is refused, and the sentence names what's missing."""
    (tmp_path / "graphql.py").write_text("raise ModuleNotFoundError(\"No module named 'graphql'\")\n")
    said = await refused("demo", tmp_path, wheels.environment(tmp_path, wheels.sandbox))
    assert said.startswith("bolt-bot-sandbox can't be loaded (No module named 'graphql'): install it again")


def test_both_have_one_version() -> None:
    """Both have the same version and Python requirement: they're released together."""
    assert project(ROOT)["version"] == project(ROOT / "sandbox")["version"]
    assert project(ROOT)["requires-python"] == project(ROOT / "sandbox")["requires-python"]


def test_what_both_need_is_asked_for_alike() -> None:
    """Both require the same versions of common dependencies, or they couldn't be installed together."""
    bot, sandbox = ranges(ROOT), ranges(ROOT / "sandbox")
    assert {name: sandbox[name] for name in bot.keys() & sandbox} == {name: bot[name] for name in bot.keys() & sandbox}


def test_the_sandbox_declares_what_it_imports() -> None:
    """The sandbox declares exactly what it imports, though its tests run with the bot's packages too."""
    imported: set[str] = set()
    for path in (ROOT / "sandbox" / "bolt_sandbox").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.partition(".")[0])
    foreign = imported - set(sys.stdlib_module_names) - {"bolt_sandbox"}
    packages = metadata.packages_distributions()
    assert {packages[name][0].lower() for name in foreign} == set(ranges(ROOT / "sandbox"))
