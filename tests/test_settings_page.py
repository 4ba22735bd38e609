"""docs/settings.md has the description that follows each setting in bot/settings.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bot.settings import Settings

ROOT = Path(__file__).parents[1]


def test_the_page_is_what_the_settings_say() -> None:
    """The page is up to date: run `make settings` after changing a setting, and read the difference."""
    words = [sys.executable, "-m", "tools.settings", "--check"]
    checked = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own tool
    assert checked.returncode == 0, checked.stderr


def test_a_row_has_everything_about_a_setting() -> None:
    """Each setting has one row, with its default, its range and unit, whether it's secret, and its purpose."""
    page = (ROOT / "docs" / "settings.md").read_text()
    for row in (
        "| `BOLT_BOT_LEASE_S` | 10 | 1 to 300 s | How long a process keeps what it has claimed;",
        "| `BOLT_BOT_ADOPT` | `false` | `true`, `false` | Take over the data",
        "| `PARADIME_API_SECRET` | required | secret | The secret of a Bolt API key.",
        "| `BOLT_BOT_POLICY_FILE` | – | a file | A YAML file that says who may do what: see [policy.md](policy.md).",
    ):
        assert f"\n{row}" in page
    assert all(page.count(f"\n| `{name.upper()}` |") == 1 for name in Settings.model_fields)
