"""docs/messages.md lists every sentence that people and operators can see, as the code has it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_page_is_what_the_code_says() -> None:
    """Run `make messages` after changing a sentence, and read the difference."""
    checked = subprocess.run(
        [sys.executable, "tools/messages.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_the_page_has_sentences_of_each_kind() -> None:
    """A refusal, a label, a log event, a line of --help, a setting and the manifest."""
    page = (ROOT / "docs" / "messages.md").read_text().splitlines()
    for line in (
        "‹name› is already running. Nothing was started.",
        "Retry failed",
        "info: run ended · run, state, seconds",
        "print one JSON object",
        "BOLT_BOT_POLL_MIN_S should be at most BOLT_BOT_POLL_MAX_S",
        "Start a Bolt run",
    ):
        assert line in page
