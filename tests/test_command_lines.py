"""Every command line in the documents is valid: parsed by the program that would run it, and run if that's harmless."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import re
import shlex
import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
import yaml

from bolt_sandbox.server import Sandbox
from bot.cli import COMMANDS, main
from bot.cli import _parser as cli_parser
from bot.core.commands.grammar import parse
from bot.core.commands.verbs import VERBS
from bot.core.model.errors import BadCommand
from bot.env_file import NETWORK_VARIABLES, read_env_file
from bot.settings import Settings
from tests.pages import ROOT, SHOWN, blocks, inline, pages, read

# In docs, but generated.
ALL_PAGES = (*pages(), "docs/hints.md")
MAKEFILE = read("Makefile")
TARGETS = frozenset(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))
# The text before the bot's own command if another program runs it.
BEFORE = re.compile(
    r"^(?:sudo )?(?:env (?:\w+=\S* )+)?"
    r"(?:docker compose run (?:--\S+ )*bot |docker compose exec bot bolt-bot |kubectl exec \S+ -- bolt-bot |(?:\S*/bin/)?bolt-bot )"
)
# `docker run … bolt-bot` and the like name the image, the chart or the service.
OTHERS = re.compile(r"^(?:docker (?!compose (?:run|exec))|helm |kubectl (?!exec)|journalctl |systemctl |sudo (?!env))")
# The values that can replace each placeholder.
FILLED_IN = {
    "<schedule>": ("nightly", '"Nightly full build"'),
    "<run>": ("4711",),
    "<run id>": ("4711",),
    "<run id or schedule>": ("4711", "nightly"),
    "<run or schedule>": ("4711", "nightly"),
    "<number or schedule>": ("3", "nightly"),
    "[run or schedule]": ("", "4711", "nightly"),
    "[schedule or pattern]": ("", "nightly", "finance-*"),
    "[command]": ("", "run"),
    "@name": ("@ada",),
    # The form in which Slack sends a group that a person chose from its suggestions.
    "@data-team": ("<!subteam^S0456DEF|@data-team>",),
    "S]": ("nightly]",),
}
# Commands that don't exist, in instructions for adding one.
EXAMPLES = {"/bolt version"}
# Commands that need no service.
HARMLESS = ("manifest", "policy", "hints", "read-log")
# Settings of other programs, and parts of names.
FOREIGN = {"REDIS_URI"}


def typed(name: str) -> list[str]:
    """The commands that a page tells people to type, in its blocks and between backticks."""
    text = read(name)
    lines = [line for one in blocks(text) if one.language not in SHOWN for line in one.lines()]
    return lines + inline(text)


def expanded(line: str) -> list[str]:
    """A line with all placeholders filled in, with and without its optional parts."""
    choices = [FILLED_IN[word] for word in FILLED_IN if word in line]
    found = []
    for chosen in product(*choices):
        text = line
        for word, value in zip([word for word in FILLED_IN if word in line], chosen, strict=True):
            text = text.replace(word, value)
        without, given = re.sub(r" ?\[[^\]]*\]", "", text), re.sub(r"[\[\]]", "", text)
        found += [" ".join(without.split()), " ".join(given.split())]
    return list(dict.fromkeys(found or [line]))


def arguments_of(line: str) -> list[str] | None:
    """The arguments for the bot's own command, or None if a line doesn't run it."""
    if OTHERS.match(line):
        return None
    found = BEFORE.match(f"{line} ")
    return shlex.split(line[found.end() :].replace("…", "")) if found else None


def parsed(arguments: list[str]) -> bool:
    """Whether the command's own parser takes them."""
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        try:
            cli_parser(arguments).parse_args(arguments)
        except SystemExit as end:
            return not end.code
    return True


def wrong_bot_lines(lines: list[str]) -> list[str]:
    """The lines that run `bolt-bot` in a way that it refuses. A command may be named without its arguments."""
    wrong = []
    for line in lines:
        for one in expanded(line):
            arguments = arguments_of(one)
            if arguments is None or not arguments:
                continue
            named = all(re.fullmatch(r"[a-z][a-z-]*", word) for word in arguments)
            if not parsed(arguments) and not (named and parsed([*arguments, "--help"])):
                wrong.append(line)
    return wrong


def wrong_slash_lines(lines: list[str]) -> list[str]:
    """The lines that the grammar refuses. A command may be named alone."""
    wrong = []
    for line in lines:
        if not re.match(r"/bolt\b(?!-)", line) or line in EXAMPLES:
            continue
        for one in expanded(line):
            text = one.removeprefix("/bolt").strip()
            if text in VERBS:
                continue
            try:
                parse(text)
            except BadCommand as bad:
                wrong.append(f"{one}: {bad.sentence}")
    return wrong


def wrong_make_lines(lines: list[str]) -> list[str]:
    """The lines with a target or a variable that the Makefile doesn't have."""
    wrong = []
    for line in lines:
        found = re.match(r"(?:sudo )?make (.+)$", line)
        for word in shlex.split(found[1]) if found else ():
            variable, is_one, _ = word.partition("=")
            if not (re.search(rf"\$\({variable}\)|\b{variable}\b.*\?=", MAKEFILE) if is_one else word in TARGETS):
                wrong.append(line)
    return wrong


def unknown_settings(text: str) -> set[str]:
    """Variables in code that look like settings but aren't."""
    settings = {name.upper() for name in Settings.model_fields} | set(NETWORK_VARIABLES)
    code = "\n".join([*(one.text for one in blocks(text) if one.language != "diff"), *inline(text)])
    named = set(re.findall(r"\b((?:BOLT_BOT|SLACK|PARADIME|REDIS)_[A-Z0-9_]*[A-Z0-9])\b(?!\*)", code))
    return {one for one in named if one not in settings | FOREIGN and one.removesuffix("_FILE") not in settings}


@pytest.mark.parametrize("name", ALL_PAGES)
def test_lines_are_commands(name: str) -> None:
    """Subcommands with their options, slash commands, make targets and settings on a page all exist."""
    lines = typed(name)
    assert wrong_bot_lines(lines) == []
    assert wrong_slash_lines(lines) == []
    assert wrong_make_lines(lines) == []
    assert unknown_settings(read(name)) == set()


def test_the_checks_can_fail() -> None:
    """Each check finds what it looks for."""
    wrong = ["bolt-bot none", "bolt-bot doctor --none", "bolt-bot hints none", "docker compose run --rm bot none"]
    assert wrong_bot_lines([*wrong, "bolt-bot hints", "docker run bolt-bot", "bolt-bot-sandbox"]) == wrong
    assert (
        len(wrong_slash_lines(["/bolt none", "/bolt run a --none", "/bolt watch", "/bolt-bot", "/bolt [command]"])) == 2
    )
    assert wrong_make_lines(["make none", "make install NONE=1", "make install PREFIX=/opt", "sudo make"]) == [
        "make none",
        "make install NONE=1",
    ]
    assert unknown_settings("`BOLT_BOT_NONE` `SLACK_BOT_TOKEN_FILE` `BOLT_BOT_NAME`") == {"BOLT_BOT_NONE"}
    assert expanded("bolt-bot audit export [--since 7d]") == [
        "bolt-bot audit export",
        "bolt-bot audit export --since 7d",
    ]


def harmless() -> Iterator[str]:
    """The lines that need neither Slack nor Bolt nor Redis, each once."""
    for line in dict.fromkeys(line for name in ALL_PAGES for line in typed(name)):
        arguments = arguments_of(line)
        if not arguments or arguments[0] not in HARMLESS or "[" in line:
            continue
        # A policy's facts are given, so no service has to be asked.
        if parsed(arguments) and ("explain" not in arguments or "--role" in arguments):
            yield line


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the pages mention, with the contents that they show."""
    shown = {"policy.yaml": "docs/policy.md", "hints.yaml": "docs/hints.md"}
    for name, page in shown.items():
        (block, *_) = (one for one in blocks(read(page)) if one.language == "yaml")
        (tmp_path / name).write_text(block.text, encoding="utf-8")
    samples = ROOT / "tests" / "data" / "dbt"
    for name in ("log.txt", "out.txt"):
        shutil.copy(samples / "03-run-model-error.stdout.txt", tmp_path / name)
    shutil.copy(samples / "03-run-model-error.run_results.json", tmp_path / "run_results.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_harmless_lines_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Harmless lines run, with the files that the pages show."""
    lines = list(harmless())
    assert len(lines) > 5
    for line in lines:
        assert main(arguments_of(line)) == 0, f"{line} in {folder}\n{capsys.readouterr()}"


def test_yaml_and_env_files_on_pages_are_read(tmp_path: Path) -> None:
    """Every YAML block is valid, and the example of an env file can be read."""
    for name in ALL_PAGES:
        for block in blocks(read(name)):
            if block.language == "yaml":
                assert yaml.safe_load(block.text)
    (example, *_) = (one for one in blocks(read("docs/settings.md")) if one.heading == "An env file")
    path = tmp_path / "bot.env"
    path.write_text(example.text, encoding="utf-8")
    assert {"SLACK_BOT_TOKEN", "PARADIME_API_SECRET_FILE"} < read_env_file(str(path)).values.keys()


def test_every_subcommand_is_on_a_page() -> None:
    """Every subcommand is on some page."""
    lines = [one for name in ALL_PAGES for one in typed(name)]
    assert {arguments[0] for line in lines if (arguments := arguments_of(line))} >= set(COMMANDS)


async def test_the_sandboxs_requests(sandbox: Sandbox) -> None:
    """The requests on the sandbox's page work, at its own port. No bot is there to answer the command."""
    if shutil.which("curl") is None:
        pytest.skip("there is no curl on PATH")
    lines = [line for one in blocks(read("docs/sandbox.md")) for line in one.lines() if line.startswith("curl ")]
    assert len(lines) > 3
    for line in lines:
        here = line.replace("http://", "").replace("localhost:8390", sandbox.base_url.removeprefix("http://"))
        shell = await asyncio.create_subprocess_exec(
            "bash",
            "-c",
            here.replace("curl ", "curl --fail "),
            stdout=asyncio.subprocess.PIPE,
            env={"PATH": os.environ["PATH"]},
        )
        printed, _ = await shell.communicate()
        assert shell.returncode == 0, line
        assert printed
