"""A failure's message as the patterns of the hints see it."""

from __future__ import annotations

from bot.core.logs.hints.normalize import normalized


def test_a_message_is_normalized() -> None:
    """Headings, times, colors, places and databases' additions are removed, and at most six lines are kept."""
    message = (
        "\x1b[31m12:00:01    Database Error in model x (models/x.sql)\x1b[0m\n  Runtime Error\n"
        '  relation "a" does not exist\n  LINE 3: from a\n               ^\n  compiled code at target/x.sql\n'
        "  HINT:  Perhaps you meant b"
    )
    assert normalized(message) == 'relation "a" does not exist'
    assert normalized("\n".join(str(number) for number in range(20))) == "0\n1\n2\n3\n4\n5"
    assert normalized("") == ""
