"""Pages of a list that is read again for each page."""

from __future__ import annotations

import pytest

from bot.core.commands.grammar import parse
from bot.core.model.command import ListCommand, RunsCommand
from bot.core.model.errors import BadCommand
from bot.core.views.buttons import read_page_value
from bot.core.views.paging import page, page_buttons


@pytest.mark.parametrize(
    ("total", "asked", "number", "count", "items"),
    [
        (0, 1, 1, 1, 0),
        (7, 1, 1, 1, 7),
        (10, 2, 1, 1, 10),
        (11, 2, 2, 2, 1),
        (25, 3, 3, 3, 5),
        (25, 99, 3, 3, 5),
        (25, -4, 1, 3, 10),
    ],
)
def test_a_page_that_is_gone_is_the_nearest_one(total: int, asked: int, number: int, count: int, items: int) -> None:
    """A page that no longer exists is replaced by the nearest one, because the list may have become shorter."""
    shown = page(range(total), asked)
    assert (shown.number, shown.count, len(shown.items), shown.total) == (number, count, items, total)


@pytest.mark.parametrize(("number", "labels"), [(1, ["Next"]), (2, ["Previous", "Next"]), (3, ["Previous"])])
def test_buttons_stand_where_there_is_a_page(number: int, labels: list[str]) -> None:
    """Buttons lead only to pages that exist, and name the page for screen readers."""
    (row,) = page_buttons(page(range(25), number), ListCommand("x"))
    assert [button.label for button in row.buttons] == labels
    assert all("of 3" in (button.spoken or "") for button in row.buttons)
    assert page_buttons(page(range(10), 1), ListCommand("x")) == ()


@pytest.mark.parametrize(
    "command",
    [
        ListCommand('a "b" <!here> & \\', inactive=True, failing=True),
        RunsCommand("x" * 200),
        RunsCommand("🎉" * 200),
        RunsCommand('"' * 200),
    ],
)
def test_a_click_brings_its_command_back(command: ListCommand | RunsCommand) -> None:
    """A click brings back its command and page, whatever the command contains, within Slack's limit."""
    (row,) = page_buttons(page(range(25), 2), command)
    for button, number in zip(row.buttons, (1, 3), strict=True):
        assert len(button.value) <= 2000
        text, found = read_page_value(button.value)
        assert (parse(text), found) == (command, number)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        "[]",
        "{}",
        '{"c":"list"}',
        '{"c":"list","p":0}',
        '{"c":"list","p":true}',
        '{"c":"list","p":"2"}',
        '{"p":2}',
        '{"c":"list","p":1e9}',
    ],
)
def test_a_value_of_another_kind_is_refused(value: str) -> None:
    """A value of another kind is refused."""
    with pytest.raises(BadCommand):
        read_page_value(value)
