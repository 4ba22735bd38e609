"""Live logs: new lines are batched into few posts, at growing intervals, each cut to its head and tail.

`bot.flows.tail_log` reads the lines, and decides when a live log ends.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bot.core.logs.clean import strip_ansi
from bot.core.logs.log_text import mask_in_pieces
from bot.core.model.command import LogsCommand
from bot.core.model.log_tail import LogBatch
from bot.core.model.run import RunKey
from bot.core.text.message import Block, Button, Buttons, Message, Paragraph, Preformatted
from bot.core.text.text import Code, Sentence, cut, plural
from bot.core.views.buttons import STOP_TAIL, PartButton, command_button, part_value

SHOWN = 2_800
LINE_SHOWN = 400
# How many lines of a batch are kept: more than are shown, because a secret that spans lines is only recognized as a
# whole.
HEAD_KEPT, TAIL_KEPT = 60, 400
LINE_KEPT = 2_000
LONGEST_PAUSE = 8.0
GROWTH = 1.2
COMMAND_SHOWN = 200

ENDED, HOUR, GONE = "ended", "hour", "gone"


@dataclass(slots=True)
class LogLines:
    """New lines, of which only the first and last are kept. `count` excludes headings."""

    count: int = 0
    headings: int = 0
    head: list[str] = field(default_factory=list)
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL_KEPT))

    def add(self, lines: Iterable[str]) -> None:
        """Add lines."""
        for line in lines:
            self.count += 1
            self._keep(line[:LINE_KEPT])

    def heading(self, text: str) -> None:
        """Add a heading: the command that prints the following lines."""
        self.headings += 1
        self._keep(f"▸ {text}")

    def _keep(self, line: str) -> None:
        if len(self.head) < HEAD_KEPT:
            self.head.append(line)
        else:
            self.tail.append(line)

    def shown(self, mask: Callable[[str], str], limit: int = SHOWN) -> str:
        """Format the lines: masked, without color codes, head and tail in at most `limit` characters.

        A line in between counts the lines left out.
        """
        skipped = self.count + self.headings - len(self.head) - len(self.tail)
        if not skipped:
            return _fitted(_plain([*self.head, *self.tail], mask), [], 0, limit)
        return _fitted(_plain(self.head, mask), _plain(self.tail, mask), skipped, limit)


def _plain(lines: Iterable[str], mask: Callable[[str], str]) -> list[str]:
    text = mask_in_pieces(strip_ansi("\n".join(lines)), mask)
    return [cut(line.rstrip(), LINE_SHOWN) for line in text.split("\n")]


def _fitted(first: list[str], last: list[str], skipped: int, limit: int) -> str:
    whole = "\n".join([*first, *last])
    if not skipped and len(whole) <= limit:
        return whole
    # Room for the line that counts those left out.
    room = limit - 60
    head = _within(first, room // 3)
    rest = last or first[len(head) :]
    tail = _within(reversed(rest), room - sum(len(line) + 1 for line in head))[::-1]
    missing = skipped + len(first) + len(last) - len(head) - len(tail)
    return "\n".join([*head, f"… {plural(missing, 'line')} left out …", *tail])


def _within(lines: Iterable[str], room: int) -> list[str]:
    kept: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    return kept


def pause_s(posts: int, least_s: float) -> float:
    """The seconds to wait after a number of posts. The wait grows with each post, up to eight times `least_s`."""
    return least_s * min(LONGEST_PAUSE, GROWTH ** max(0, posts - 1))


def batch_post(key: RunKey, batch: LogBatch, posts: int) -> Message:
    """A post of new lines. The first one has a button that stops the live log."""
    first: Sentence = ()
    if batch.count:
        of: Sentence = (" of ", Code(cut(batch.text, COMMAND_SHOWN))) if batch.text else ()
        first = (f"{plural(batch.count, 'new line')} in the log", *of, f" (run {key.id})")
    last = _last(key, batch.last)
    text: Sentence = (*first, ". " if last else ":", *last) if first else last
    blocks: list[Block] = [Paragraph(text)]
    if batch.count:
        blocks.append(Preformatted(batch.lines))
    if batch.last == HOUR:
        again = command_button(
            "Keep following", LogsCommand(key.id, follow=True), spoken=f"Keep following run {key.id}"
        )
        blocks.append(Buttons((again,)))
    elif not posts and not batch.last:
        blocks.append(Buttons((stop_button(key),)))
    return Message(text, tuple(blocks))


def _last(key: RunKey, why: str) -> Sentence:
    if why == ENDED:
        return (f"Run {key.id} has ended, so its log is complete.",)
    if why == HOUR:
        return (f"I've followed the log of run {key.id} for an hour, so I'm stopping here.",)
    if why == GONE:
        return (f"Run {key.id} is no longer in Bolt, so I've stopped following its log.",)
    return ()


def stop_button(key: RunKey) -> Button:
    """The *Stop following* button."""
    spoken = f"Stop following the log of run {key.id}"
    return Button(STOP_TAIL, "Stop following", value=part_value(PartButton(key)), spoken=spoken)
