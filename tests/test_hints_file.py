"""`BOLT_BOT_HINTS_FILE` and `bolt-bot hints`: a team's own hints, whose patterns run in RE2."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import patch

import pytest

from bot.cli import main
from bot.core.logs.hints.causes import causes
from bot.core.logs.hints.file import HintsFileError
from bot.core.model.cause import Retry
from bot.core.views.hint import hint_line
from bot.hints_file import load_hint_table
from bot.load_settings import SettingsError, load_settings
from bot.slack.blocks.mrkdwn import mrkdwn
from tests.test_settings import LEAST

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "hints.md"
LOG = ROOT / "tests" / "data" / "dbt" / "03-run-model-error.stdout.txt"
OWN = """\
version: 1
hints:
  - id: net_amount
    pattern: 'does not have a column named "net_\\w+"'
    text: Finance renamed the net columns
    next: Ask *#finance* <!channel>.
    retry: no
    runbook: https://wiki.test/net
    schedule: prod-*
"""
# Hides RE2, as if it weren't installed.
WITHOUT_RE2 = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("re2", "_re2"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
from bot.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A file with one hint."""
    file = tmp_path / "hints.yaml"
    file.write_text(OWN)
    return file


def written(folder: Path, *patterns: str) -> Path:
    """A file with these patterns."""
    rows = [{"id": f"row-{at}", "pattern": pattern, "text": "It broke."} for at, pattern in enumerate(patterns)]
    file = folder / "patterns.yaml"
    # JSON is YAML.
    file.write_text(json.dumps({"version": 1, "hints": rows}))
    return file


# --- patterns ---


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"(a)\1", r"RE2 can't read it: invalid escape sequence: \1"),
        ("(?=a)", "RE2 can't read it: invalid perl operator: (?="),
        ("(", "RE2 can't read it: missing ): ("),
        (r"(?:\pL\pN){200}", "its repeat counts are too large; use smaller ones, or * and +"),
        (r"(?:\pL\pN){900}", "RE2 can't read it: pattern too large - compile failed"),
        ("a{1001}", "RE2 can't read it: invalid repetition size: {1001}"),
        ("(((a?){10}){10}){10}", "its repeat counts are too large; use smaller ones, or * and +"),
        ("a*", "it matches every message, even an empty one; use . to match any message that isn't empty"),
        ("vpn|", "it matches every message, even an empty one; use . to match any message that isn't empty"),
    ],
)
def test_patterns_that_are_refused(tmp_path: Path, pattern: str, why: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Bad patterns are refused with the reason, and the library itself prints nothing."""
    with pytest.raises(HintsFileError) as caught:
        load_hint_table(written(tmp_path, pattern), str)
    assert caught.value.lines == (f"line 1: pattern: {why}",)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("message", ["a" * 1_000_000, "aab" * 330_000, "é" * 500_000, "a\n" * 500_000], ids=len)
def test_hostile_patterns_stay_linear(tmp_path: Path, message: str) -> None:
    """Patterns that would take Python's engine forever take linear time on a megabyte."""
    table = load_hint_table(
        written(tmp_path, r"(a+)+$x", r"(a|aa)+!", r"(.*)(.*)(.*)(.*)(.*)(.*)(.*)[^x]{100}!", r"(((a?){10}){10}){5}!",
                r"(x+x+)+y", r"(?i)(?:.{1,30}){5}\bz!", r"(?s)(.|\n)*!"),
        str,
    )  # fmt: skip
    begun = time.process_time()
    assert causes([message], table=table)[0].id == ""
    # The search takes a few hundredths of a second, so the test fails only if it isn't linear.
    assert time.process_time() - begun < 5


def test_any_message_can_be_matched(tmp_path: Path) -> None:
    """Any message can be matched, even one with zero bytes or half a surrogate pair, which JSON allows."""
    table = load_hint_table(written(tmp_path, "b$"), str)
    assert causes(["a\ud800\x00b"], table=table)[0].id == "row-0"


def test_a_pattern_sees_the_normalized_message(tmp_path: Path) -> None:
    """In a pattern, `^` is the start of the database's own message."""
    table = load_hint_table(written(tmp_path, "^it broke"), str)
    assert causes(["\x1b[31m12:00:00  Database Error in model a (a.sql)\n  it broke"], table=table)[0].id == "row-0"


def test_a_sentence_is_shown_as_it_is(own: Path) -> None:
    """A hint's sentence is shown as plain text, without mentions; its runbook is a link."""
    table = load_hint_table(own, str).for_schedule("prod-eu")
    found = causes(['does not have a column named "net_amnt"'], table=table)
    shown = mrkdwn(hint_line(found))
    assert "<!channel>" not in shown
    assert "*#finance*" not in shown
    assert "&lt;!channel&gt;" in shown
    assert "<https://wiki.test/net|Runbook>" in shown
    assert shown.startswith(":bulb: Finance renamed the net columns. Ask ")
    assert found[0].retry is Retry.NO


def test_the_pages_example_is_a_hints_file(tmp_path: Path) -> None:
    """The page's example is a hints file that works as the page says."""
    (example,) = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    file = tmp_path / "hints.yaml"
    file.write_text(example)
    table = load_hint_table(file, str)
    message = "could not connect to server: no route to warehouse.internal"
    (cause,) = causes([message], table=table.for_schedule("nightly"))
    assert (cause.id, cause.retry, cause.runbook) == ("vpn_down", Retry.YES, "https://wiki.example.com/vpn")
    failed_test = ["Got 3 results, configured to fail if != 0"]
    assert causes(failed_test, table=table.for_schedule("orders-eu"))[0].id == "late_orders"
    assert causes(failed_test, table=table.for_schedule("nightly"))[0].id == "test_failed"


# --- at startup ---


def test_a_fault_ends_the_start(own: Path) -> None:
    """A file with faults stops startup, with a line for each fault after the variable's name."""
    own.write_text(OWN.replace("retry: no", "retry: never").replace("https:", "http:"))
    with patch.dict(os.environ, {**LEAST, "BOLT_BOT_HINTS_FILE": str(own)}, clear=True):
        with pytest.raises(SettingsError) as caught:
            load_settings()
        assert main(["run"]) == 2
    assert caught.value.lines == (
        'BOLT_BOT_HINTS_FILE: line 7: retry: there\'s no "never"; did you mean no?',
        "BOLT_BOT_HINTS_FILE: line 8: runbook should be an address that begins with https://, without a username or password",
    )


def test_a_missing_file_ends_the_start(tmp_path: Path) -> None:
    """A missing file stops startup, and the reason is given."""
    missing = {**LEAST, "BOLT_BOT_HINTS_FILE": str(tmp_path / "none")}
    with patch.dict(os.environ, missing, clear=True), pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.lines == ("BOLT_BOT_HINTS_FILE: the file can't be read (No such file or directory)",)


def test_a_secret_setting_is_masked_in_a_sentence(own: Path) -> None:
    """A runbook that contains a secret setting's value is refused."""
    own.write_text(OWN.replace("wiki.test/net", "wiki.test/legacy-secret"))
    with (
        patch.dict(os.environ, {**LEAST, "BOLT_BOT_HINTS_FILE": str(own)}, clear=True),
        pytest.raises(SettingsError) as caught,
    ):
        load_settings()
    assert "runbook contains something that looks like a secret" in caught.value.lines[0]


def without_re2(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process without RE2."""
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", WITHOUT_RE2, *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_re2_the_command_that_installs_it_is_shown(own: Path) -> None:
    """Without RE2, the start and `hints check` show how to install it; without a hints file, it isn't needed."""
    why = "its patterns need RE2, which isn't installed: pip install 'bolt-bot[hints]'"
    started = without_re2("run", **LEAST, BOLT_BOT_HINTS_FILE=str(own))
    assert (started.returncode, started.stderr) == (2, f"BOLT_BOT_HINTS_FILE: {why}\n")
    checked = without_re2("hints", "check", str(own))
    assert (checked.returncode, checked.stderr) == (2, f"{own}: {why}\n")
    assert without_re2("hints", "try", str(LOG)).returncode == 0


# --- commands ---


def test_check_counts_what_is_fine(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`hints check` counts a valid file's hints and exits with 0."""
    assert main(["hints", "check", str(own)]) == 0
    assert capsys.readouterr().out == (
        f"{own}: 1 hint, tried before the built-in ones; the first that matches a message wins\n"
    )


def test_check_shows_every_fault(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`hints check` prints every fault with its file and line, in a format that editors understand."""
    own.write_text(OWN.replace("id: net_amount", "id: Net").replace("'does", "'(does"))
    assert main(["hints", "check", str(own)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    first, second = told.err.splitlines()
    assert first.startswith(f'{own}: line 3: id: "Net" should be ')
    assert second.startswith(f"{own}: line 4: pattern: RE2 can't read it: missing ): ")


@pytest.mark.parametrize(
    ("schedule", "hint"), [("Prod EU", "net_amount"), ("", "missing_column"), ("staging", "missing_column")]
)
def test_try_shows_the_hint_of_each_failure(
    own: Path, capsys: pytest.CaptureFixture[str], schedule: str, hint: str
) -> None:
    """`hints try` shows each failure's hint and the text that patterns match; a schedule's hints apply only to it."""
    asked = ["hints", "try", str(LOG), "--hints", str(own), "--schedule", schedule]
    assert main(asked) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"model fct_revenue: {hint}\n  ")
    assert "  A retry helps: no.\n" in told
    assert told.endswith(
        '  Patterns are matched against:\n    Binder Error: Values list "o" does not have a column named "net_amnt"\n'
    )
    assert ("https://wiki.test/net" in told) == (hint == "net_amount")


def test_try_masks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`hints try` masks secrets in a message without a hint."""
    log = tmp_path / "log"
    log.write_text("fatal: strange thing at https://ada:hunter2secret@git.test/x\n")
    assert main(["hints", "try", str(log), "--exit", "1"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("the command: no hint\n")
    assert "hunter2secret" not in told


@pytest.mark.parametrize(("exit_code", "said"), [("137", "Exit status 137: exit_killed\n"), ("0", "There's no error")])
def test_try_without_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str], exit_code: str, said: str) -> None:
    """Without a message, `hints try` explains the exit status, or says there's no error."""
    log = tmp_path / "log"
    log.write_text("")
    assert main(["hints", "try", str(log), "--exit", exit_code]) == 0
    assert capsys.readouterr().out.startswith(said)


def test_commands_take_the_settings_file_by_default(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Commands use the settings' hints file by default."""
    with patch.dict(os.environ, {"BOLT_BOT_HINTS_FILE": str(own)}):
        assert main(["hints", "try", str(LOG), "--schedule", "prod-eu"]) == 0
        assert "net_amount" in capsys.readouterr().out
        own.write_text("")
        assert main(["read-log", "--stdout", str(LOG)]) == 2
        assert capsys.readouterr().err == f"{own}: line 1: the file is empty; it needs version: 1 and hints\n"


def test_try_names_a_log_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A log that can't be read is named in one sentence, with exit status 2."""
    assert main(["hints", "try", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err == f"{tmp_path / 'none'} can't be read: No such file or directory.\n"


def test_read_log_takes_hints(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`read-log` uses hints too, with their runbook."""
    asked = ["read-log", "--stdout", str(LOG), "--hints", str(own), "--schedule", "prod-eu"]
    assert main([*asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["hint"] == {
        "id": "net_amount",
        "text": "Finance renamed the net columns.",
        "next": "Ask *#finance* <!channel>.",
        "retry": "no",
        "runbook": "https://wiki.test/net",
    }
    assert main(asked) == 0
    assert (
        "Finance renamed the net columns. Ask *#finance* <!channel>. https://wiki.test/net" in capsys.readouterr().out
    )
