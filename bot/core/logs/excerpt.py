"""The excerpt of a command's output: the lines of each failure, then those of the fatal error, cut to a limit.

`read_dbt_one`, `read_dbt_two` and `read_other_tool` select these lines.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.logs.log_findings import Failure, LogFindings
from bot.core.text.text import cut, cut_middle, plural

# A message shows at most this much of a log: Slack cuts longer texts, and escaping makes a text longer.
EXCERPT_LIMIT = 2_900
_LINE_MOST = 4_000
_SHARE_LEAST = 200
_ROOM_FOR_MORE = 40


def excerpt(failures: Sequence[Failure], said: LogFindings, limit: int) -> str:
    """Each failure's lines, then the error that stopped the command; each gets a share of the room."""
    blocks = [_block(one) for one in failures]
    problem = "\n".join(cut(line, _LINE_MOST) for line in said.lines)
    if problem and not any(problem in block for block in blocks):
        blocks.append(problem)
    if not blocks:
        return cut(said.shown, limit)
    first = blocks[-1:] if problem and len(blocks) > 1 else []
    reserved = min(len(first[0]), limit // 3) + 2 if first else 0
    others = blocks[:-1] if first else blocks
    shown, left = _shared(others, limit - reserved)
    if left:
        shown.append(f"… and {plural(left, 'more failure')}")
    if first:
        shown.append(cut_middle(first[0], reserved - 2))
    return cut("\n\n".join(shown), limit)


def _shared(blocks: Sequence[str], limit: int) -> tuple[list[str], int]:
    """As many blocks as fit, each cut to its share, and the number of blocks left out."""
    room = limit
    shown: list[str] = []
    for number, block in enumerate(blocks):
        share = max(_SHARE_LEAST, room // min(3, len(blocks) - number))
        piece = cut_middle(block, max(1, min(share, room - (_ROOM_FOR_MORE if number < len(blocks) - 1 else 0))))
        if number and len(piece) + 2 > room - _ROOM_FOR_MORE:
            return shown, len(blocks) - number
        shown.append(piece)
        room -= len(piece) + 2
    return shown, 0


def _block(failure: Failure) -> str:
    return "\n".join(cut(line, _LINE_MOST) for line in failure.lines) or f"{failure.kind} {failure.name}"
