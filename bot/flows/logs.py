"""Showing a command's log to one person, and posting the whole log in the thread for everyone.

`bot.core.logs.read_log` decides which lines matter, and `bot.core.logs.log_text` decides how long the file may be. Live
logs are in `bot.flows.tail_log`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from bot.core.logs import nodes
from bot.core.logs.excerpt import EXCERPT_LIMIT
from bot.core.model.asker import Asker
from bot.core.model.bolt import BoltCommand
from bot.core.model.command import LogsCommand
from bot.core.model.errors import BoltError, BoltRejected, BoltTooLarge
from bot.core.model.run import Observation, Run, RunKey, failed_command, is_final, observe, run_url
from bot.core.model.upload import Upload, UploadAnswer
from bot.core.runs.progress import numbered
from bot.core.text.message import Block, Button, Buttons, Facts, Message, Paragraph, Preformatted
from bot.core.text.text import Code, Sentence, cut, duration, plural
from bot.core.views.buttons import OPEN_RUN, WHOLE_LOG, PartButton, command_button, part_value
from bot.core.views.hint import hint_lines
from bot.core.views.live_log import LogLines
from bot.flows.conclude import FailureLog, LogReader
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.store import Runs, Uploads
from bot.flows.tail_log import BEGINNING, PAGES_MOST

COMMAND_SHOWN = 200
SUMMARY_SHOWN = 160
# The maximum number of files that may wait in a channel: at one per 0.7 s, that's about a minute.
WAITING_MOST = 60


class CommandLogs:
    """Answers `logs <run id> [number]` and its buttons."""

    def __init__(
        self,
        bolt: Bolt,
        runs: Runs,
        reader: LogReader,
        uploads: Uploads,
        *,
        app_url: str,
        mask: Callable[[str], str],
    ) -> None:
        self._bolt = bolt
        self._runs = runs
        self._reader = reader
        self._uploads = uploads
        self._app_url = app_url
        self._mask = mask

    async def show_log(self, key: RunKey, number: int | None) -> Message:
        """Show the relevant lines of a command's log, or say why there are none."""
        try:
            seen = observe(await self._bolt.status(key.id), self._mask)
            run = replace(await self._runs.load_run(key) or Run(key), seen=seen)
        except BoltRejected:
            return Message((f"There's no run {key.id} in Bolt. Check the number.",))
        except BoltError as error:
            return Message((f"{error.sentence} Try again in a minute.",))
        found = choose(run, number)
        if isinstance(found, Message):
            return found
        at, command = found
        first = _heading(key, at, command)
        where = Buttons(self._buttons(key, command, seen, whole=False))
        try:
            failure_log = await self._reader.read_failure_log(command, run.facts)
        except BoltTooLarge as large:
            most = f"{large.most // 1_000_000} MB"
            text: Sentence = (*first, f" Its log is larger than the {most} I can read. Open it in Bolt.")
            return Message(text, (Paragraph(text), where))
        except BoltRejected:
            return Message((*first, " Bolt no longer has its log."))
        except BoltError as error:
            return Message((*first, f" {error.sentence} Try again in a minute."))
        if failure_log is not None:
            return self._told(key, command, seen, first, failure_log)
        lines = await self._live(command)
        if lines:
            return Message(first, (Paragraph(first), Preformatted(lines), where))
        text = (
            *first,
            " It hasn't printed anything yet." if command.return_code is None else " It didn't print anything.",
        )
        return Message(text, (Paragraph(text), where))

    async def _live(self, command: BoltCommand) -> str:
        """Read a running command's output. Some backends return it only through the live log."""
        if command.return_code is not None:
            return ""
        lines, cursor = LogLines(), BEGINNING
        try:
            for _ in range(PAGES_MOST):
                page = await self._bolt.command_log(command.id, cursor)
                lines.add(line for _, line in page.lines)
                cursor = page.cursor
                if page.finished or not page.lines:
                    break
        except BoltError:
            # The pages read before the error are still worth showing.
            pass
        return await asyncio.to_thread(lines.shown, self._mask) if lines.count else ""

    def _told(
        self, key: RunKey, command: BoltCommand, seen: Observation, first: Sentence, failure_log: FailureLog
    ) -> Message:
        broke = command.return_code not in (None, 0)
        lines = failure_log.excerpt if broke else failure_log.tail
        if broke and failure_log.summary:
            first = (*first, f" {cut(failure_log.summary, SUMMARY_SHOWN)}.")
        hint = hint_lines(failure_log.causes) if broke else ()
        blocks: list[Block] = [
            Paragraph(first),
            *([Paragraph(hint)] if hint else []),
            Preformatted(cut(lines, EXCERPT_LIMIT)),
        ]
        if failure_log.length > len(lines):
            what = "the lines that matter" if broke else "the last lines"
            blocks.append(Facts((f"These are {what}. The whole log has {failure_log.length:,} characters.",)))
        blocks.append(Buttons(self._buttons(key, command, seen, whole=True)))
        return Message(first, tuple(blocks))

    def _buttons(self, key: RunKey, command: BoltCommand, seen: Observation, *, whole: bool) -> tuple[Button, ...]:
        made: list[Button] = []
        if whole:
            value = part_value(PartButton(key, command.id, command.text))
            spoken = f"Whole log of run {key.id} in the thread"
            made.append(Button(WHOLE_LOG, "Whole log in the thread", value=value, spoken=spoken))
        if not is_final(seen.state):
            made.append(
                command_button("Live log", LogsCommand(key.id, follow=True), spoken=f"Live log of run {key.id}")
            )
        made.append(Button(OPEN_RUN, "Open in Bolt", url=run_url(self._app_url, key.id)))
        return tuple(made)

    async def post_whole_log(self, asker: Asker, part: PartButton) -> Message:
        """Request that a command's whole log be posted. Raises StoreUnavailable."""
        run = await self._runs.load_run(part.key)
        ended = run.end if run else None
        command = BoltCommand(part.command, part.text)
        upload = Upload(f"{part.key.name}:{part.command}:log:{asker.channel}", part.key, asker, command)
        anyway = ended is not None and ended.failed is not None and ended.failed.id == part.command
        answer = await self._uploads.add_upload(upload, posts_it_anyway=anyway, most=WAITING_MOST)
        return promised(("The whole log of ", Code(cut(part.text, COMMAND_SHOWN))), upload, answer)

    async def failed_nodes(self, key: RunKey) -> Message:
        """List all known failed nodes of a run. Raises StoreUnavailable."""
        return nodes.failed(await self._runs.load_run(key) or Run(key))

    async def slowest_nodes(self, key: RunKey) -> Message:
        """List the slowest nodes of a run's failed command. Raises StoreUnavailable."""
        return nodes.slowest(await self._runs.load_run(key) or Run(key))


def promised(what: Sentence, upload: Upload, answer: UploadAnswer) -> Message:
    """Answer a request for a file: say whether it will be posted, and where."""
    run_id, here = upload.key.id, "this thread" if upload.asker.thread else "this channel"
    where = f"the thread of run {run_id}" if answer.thread else f"{here}, because run {run_id} has no card here"
    match answer.word:
        case "full":
            return Message(("Too many files are being posted here right now. Try again in a minute.",))
        case "done":
            return Message((*what, f" is already in {'the thread' if answer.thread else 'this channel'}."))
        case "known":
            return Message((*what, f" is already on its way to {where}."))
        case _:
            return Message((*what, f" is on its way to {where}."))


def choose(run: Run, number: int | None) -> tuple[int | None, BoltCommand] | Message:
    """Choose the command with this number on the card; without a number, the failed, the running or the last one."""
    key, seen = run.key, run.seen
    listed = numbered(run)
    if not listed:
        over = is_final(seen.state)
        text = f"Run {key.id} ended before any command started, so there's no log." if over else ""
        return Message((text or f"No command of run {key.id} has started yet. Try again in a moment.",))
    if number is not None:
        chosen = next(((at, command) for at, command in listed if at == number), None)
        return chosen or Message((_no_such(run, number, sum(1 for at, _ in listed if at is not None)),))
    running = [command for _, command in listed if command.return_code is None]
    command = failed_command(seen) or (running or [command for _, command in listed])[-1]
    return next((at, one) for at, one in listed if one is command)


def _no_such(run: Run, number: int, own: int) -> str:
    so_far = "" if is_final(run.seen.state) else " so far"
    if not own:
        none = f"Run {run.id} doesn't have a command {number}: only Bolt's own steps have run{so_far}."
        return f"{none} Leave out the number to see their log."
    from_to = f"Choose one from 1 to {own}." if own > 1 else "Choose 1."
    return f"Run {run.id} has {plural(own, 'command')}{so_far}; there's no command {number}. {from_to}"


def _heading(key: RunKey, number: int | None, command: BoltCommand) -> Sentence:
    """Describe a command: `dbt test` (command 4 of run 4711) ended with exit code 1 after 38 s."""
    if command.return_code is None:
        stands = "is running"
    else:
        stands = "succeeded" if command.return_code == 0 else f"ended with exit code {command.return_code}"
        if command.started_at and command.ended_at:
            stands += f" after {duration((command.ended_at - command.started_at).total_seconds())}"
    which = f"command {number} of " if number is not None else "one of Bolt's own commands in "
    return (Code(cut(command.text, COMMAND_SHOWN)), f" ({which}run {key.id}) {stands}.")
