"""Plain text from terminal output."""

from __future__ import annotations

import pytest

from bot.core.logs.clean import strip_ansi


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07x", "x"),
        ("10%\r50%\r100%\ndone", "100%\ndone"),
        ("a\r\nb", "a\nb"),
        ("bell\x07\x00", "bell"),
        ("\x1b(Bplain", "plain"),
        ("\x1b]0;title\nnot lost", "\nnot lost"),
        ("\x1b]8;;https://x.test\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\u202eturned\u2066", "turned"),
        ("half \ud800 a pair", "half \ufffd a pair"),
        ("c1 \x9b \x85 gone", "c1   gone"),
    ],
)
def test_escapes_and_control_characters_go(text: str, plain: str) -> None:
    """Escapes and control characters are removed, and a line that was overwritten keeps its last state."""
    assert strip_ansi(text) == plain
