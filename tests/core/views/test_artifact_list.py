"""The list of files that a run produced."""

from __future__ import annotations

import pytest

from bot.core.model.bolt import BoltCommand, Resource
from bot.core.model.errors import BadCommand
from bot.core.model.run import RunKey
from bot.core.text.message import Button, Buttons, Message
from bot.core.views.artifact_list import FILES_A_PAGE, artifact_list, file_name
from bot.core.views.buttons import ARTIFACT_LINK, BOLT_ID_LIMIT, VALUE_LIMIT, PartButton, part_value, read_part_value

KEY = RunKey("w", 4711)
BUILD, TEST = BoltCommand(8, "dbt build"), BoltCommand(9, "dbt test")


def files(*commands: BoltCommand, count: int = 2) -> list[tuple[BoltCommand, Resource]]:
    """This many files for each command."""
    return [(one, Resource(one.id * 1000 + at, f"target/file_{at}.json")) for one in commands for at in range(count)]


def buttons(message: Message) -> list[Button]:
    """All buttons of a message."""
    return [one for block in message.blocks if isinstance(block, Buttons) for one in block.buttons]


def test_files_stand_with_their_command() -> None:
    """Each command's files follow it, with a labeled button for each file."""
    message = artifact_list(KEY, "SUCCESS", files(TEST, BUILD))
    assert message.text == ("Run 4711 produced 4 files from 2 commands. The last command is listed first.",)
    shown = [getattr(block, "text", None) or [one.label for one in block.buttons] for block in message.blocks[1:]]  # type: ignore[union-attr]
    assert str(shown[0]).count("dbt test") == 1
    assert shown[1] == ["target/file_0.json", "target/file_1.json"]
    part = read_part_value(buttons(message)[0].value)
    assert part == PartButton(KEY, 9, "dbt test", 9000, "target/file_0.json")


@pytest.mark.parametrize(
    ("state", "text"), [("RUNNING", "has produced a file yet."), ("FAILED", "has produced a file.")]
)
def test_nothing_left_behind(state: str, text: str) -> None:
    """If there are no files, the reply says so; while the run is active, it says that there are none yet."""
    assert str(artifact_list(KEY, state, []).text[0]).endswith(text)


def test_many_files_come_in_pages() -> None:
    """Many files come in pages with unique actions, and a page number out of range shows the last page."""
    many = files(*(BoltCommand(number, f"dbt run {number}") for number in range(1, 201)), count=3)
    first, last = artifact_list(KEY, "SUCCESS", many), artifact_list(KEY, "SUCCESS", many, 10_000)
    assert "page 1 of 30" in str(first.text)
    assert "page 30 of 30" in str(last.text)
    assert [one.label for one in buttons(first)][-1:] == ["Next"]
    assert [one.label for one in buttons(last)][-1:] == ["Previous"]
    for page in (first, last):
        made = buttons(page)
        assert sum(one.action.startswith(ARTIFACT_LINK) for one in made) == FILES_A_PAGE
        assert len({one.action for one in made}) == len(made)
        assert len(page.blocks) <= 50
        assert all(len(block.buttons) <= 5 for block in page.blocks if isinstance(block, Buttons))


def test_a_long_path_shows_its_end() -> None:
    """A long path is cut at its beginning, because the file's name is at the end."""
    (button,) = buttons(artifact_list(KEY, "SUCCESS", [(BUILD, Resource(1, "target/" + "deep/" * 60 + "model.sql"))]))
    assert button.label.startswith("…")
    assert button.label.endswith("/model.sql")
    assert len(button.label) == 75


def test_a_hostile_path_still_makes_a_button() -> None:
    """Anything that would make a button's value too long is left out."""
    value = part_value(PartButton(KEY, 1, "\x01" * 200, 2, "\x02" * 5000))
    assert len(value) <= VALUE_LIMIT
    assert read_part_value(value).resource == 2


@pytest.mark.parametrize(
    "value",
    [
        "",
        "[]",
        "{}",
        '{"w":"w"}',
        '{"w":1,"r":1}',
        '{"w":"w","r":-1}',
        '{"w":"w","r":1,"i":"x"}',
        f'{{"w":"w","r":{BOLT_ID_LIMIT}}}',
    ],
)
def test_what_is_no_such_value_is_refused(value: str) -> None:
    """An invalid value is refused with what to do instead."""
    with pytest.raises(BadCommand, match="Type the command"):
        read_part_value(value)


@pytest.mark.parametrize(
    ("path", "name"), [("target/run_results.json", "run_results.json"), ("a/", "a"), ("", ""), ("/", "/")]
)
def test_the_name_of_a_file(path: str, name: str) -> None:
    """A file's name is the last part of its path."""
    assert file_name(path) == name
