"""Recognizing repeated starts: a person who repeats a command doesn't start a second run.

`Limits.ask_again_s` (`bot.core.model.admission`) says for how long a start counts as repeated, and the script
`accept_start.lua` decides which starts count. The Redis key `same` is in `scripts/shared/same_start.lua`.
"""

from __future__ import annotations

import hashlib

from bot.core.model.command import StartCommand, canonical, with_name
from bot.core.text.name_folding import fold


def same_keys(user: str, channel: str, start_command: StartCommand, slug: str) -> tuple[str, ...]:
    """Return the keys that identify the same start by the same person in the same channel.

    The first key is made from the words as typed, and is the only one that older versions know. The second is made from
    the schedule's `slug`, or from its folded name while the slug isn't known.
    """
    name = start_command.schedule_text
    words = [canonical(start_command)]
    if name is not None:
        words.append(
            f"slug:{canonical(with_name(start_command, slug))}"
            if slug
            else f"name:{canonical(with_name(start_command, fold(name)))}"
        )
    return tuple(hashlib.sha256(f"{user}/{channel}/{one}".encode()).hexdigest()[:32] for one in words)
