"""docs/messages.md lists every sentence that people and operators can see, as it is in the code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_page_is_what_the_code_says() -> None:
    """The page is up to date: run `make messages` after changing a sentence, and read the difference."""
    checked = subprocess.run(
        [sys.executable, "tools/messages.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_the_page_has_sentences_of_each_kind() -> None:
    """The page has refusals, labels, log events, lines of --help, settings and the manifest."""
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
