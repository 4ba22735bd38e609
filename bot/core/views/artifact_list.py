"""The list of a run's artifacts, with a button for each.

`bot.flows.artifacts` reads it, and `bot.flows.read_requested_file` decides whether a file can be posted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby

from bot.core.model.bolt import BoltCommand, Resource
from bot.core.model.run import RunKey, is_final
from bot.core.text.message import LABEL_MOST, Block, Button, Buttons, Message, Paragraph
from bot.core.text.text import Code, cut, plural, showable
from bot.core.views.buttons import ARTIFACT_LINK, ARTIFACTS_PAGE, PartButton, part_value
from bot.core.views.paging import turns

FILES_A_PAGE = 20
BUTTONS_A_ROW = 5
COMMAND_SHOWN = 200

_RESERVED = re.compile(r'[/\\:*?"<>|]')


def artifact_list(
    key: RunKey,
    state: str,
    files: Sequence[tuple[BoltCommand, Resource]],
    page: int = 0,
    *,
    numbers: Mapping[int, int] | None = None,
) -> Message:
    """Show a page of artifacts, grouped by command, in the given order.

    `numbers` are the commands' numbers on the card, by command id.
    """
    if not files:
        yet = "" if is_final(state) else " yet"
        return Message((f"No command of run {key.id} has produced a file{yet}.",))
    pages = (len(files) + FILES_A_PAGE - 1) // FILES_A_PAGE
    page = min(max(0, page), pages - 1)
    commands = len({command.id for command, _ in files})
    where = f", page {page + 1} of {pages}" if pages > 1 else ""
    text = f"Run {key.id} produced {plural(len(files), 'file')} from {plural(commands, 'command')}{where}."
    if commands > 1:
        text += " The last command is listed first."
    blocks: list[Block] = [Paragraph((text,))]
    shown = list(enumerate(files))[page * FILES_A_PAGE : (page + 1) * FILES_A_PAGE]
    for _, group in groupby(shown, key=lambda one: one[1][0].id):
        ours = list(group)
        command = ours[0][1][0]
        number = (numbers or {}).get(command.id)
        which = f"{number}. " if number is not None else ""
        blocks.append(Paragraph((which, Code(cut(command.text, COMMAND_SHOWN)))))
        made = [_button(key, number, command, resource) for number, (command, resource) in ours]
        blocks += [Buttons(tuple(made[at : at + BUTTONS_A_ROW])) for at in range(0, len(made), BUTTONS_A_ROW)]
    row = turns(ARTIFACTS_PAGE, page + 1, pages, lambda number: part_value(PartButton(key, page=number - 1)))
    if row:
        blocks.append(Buttons(row))
    return Message((text,), tuple(blocks))


def _button(key: RunKey, number: int, command: BoltCommand, resource: Resource) -> Button:
    path = resource.path
    label = path if len(path) <= LABEL_MOST else f"…{path[1 - LABEL_MOST :]}"
    value = part_value(PartButton(key, command.id, command.text, resource.id, path))
    spoken = cut(f"Link to {file_name(path)}, {command.text}", LABEL_MOST)
    return Button(f"{ARTIFACT_LINK}.{number}", label, value=value, spoken=spoken)


def file_name(path: str) -> str:
    """The last part of a path."""
    return cut(path.rstrip("/").rpartition("/")[2] or path, 100)


def safe_name(name: str) -> str:
    """Make a file name safe for any system: no path or drive separators, and no quotes."""
    return _RESERVED.sub("_", " ".join(showable(name).split()))
