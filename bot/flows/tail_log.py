"""Live logs: new lines of a running command go to the thread of the run's card, in few posts.

Lines are stored with their cursor before they're posted, and reading continues from that cursor afterward. If the
process dies in between, nothing is lost: the next one posts the same lines, or finds them already posted. The content
of a post and the pauses between posts are in `bot.core.views.live_log`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.core.model.asker import Asker
from bot.core.model.bolt import BoltCommand, RunStatus
from bot.core.model.command import LogsCommand
from bot.core.model.errors import (
    BoltError,
    BoltRejected,
    BoltThrottled,
    ChannelRefused,
    CredentialRefused,
    SlackRefused,
)
from bot.core.model.log_tail import LogBatch, LogTail
from bot.core.model.run import CardRef, Run, RunKey, is_final, observe
from bot.core.runs.progress import numbered
from bot.core.text.message import Buttons, Message, Paragraph
from bot.core.text.text import Code, Sentence, cut, plural
from bot.core.views.buttons import command_button, follow_button
from bot.core.views.live_log import ENDED, GONE, HOUR, LogLines, batch_post, pause_s, stop_button
from bot.flows.claimed_post import ClaimedPost
from bot.flows.lease import Lease
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.slack import Chat
from bot.flows.ports.store import LogTails, PostLane, Runs
from bot.flows.poster import MessagePoster
from bot.flows.private_replies import PrivateReplies
from bot.flows.thread_subject import LostCard

log = structlog.get_logger()

Numbered = tuple[tuple[int | None, BoltCommand], ...]

BEGINNING = "0:0"
PAGES_MOST = 40
LOOK_S = 5.0
AWAY_AGAIN_S = 15.0
REFUSED_MOST = 3
# How long to wait for a run's last lines after it has ended.
LAST_LINES_S = 20.0
COMMAND_SHOWN = 200


@dataclass(frozen=True, slots=True)
class LogTailRules:
    """Settings for live logs.

    `gap_s` is the minimum time between two posts of a log, `for_s` is how long a log is live (`bot.core.views.live_log`
    says "an hour"), and `most` is how many are live at once.
    """

    gap_s: float = 15
    for_s: float = 3600
    most: int = 50
    settle_s: float = 4
    bot_name: str = "@Bolt"

    @property
    def look_s(self) -> float:
        """The interval between checks for new lines, in seconds."""
        return min(LOOK_S, self.gap_s)


@dataclass(frozen=True, slots=True)
class LogRead:
    """New lines of a log, and the cursor after them; `done` if there will be no more."""

    lines: LogLines
    command: BoltCommand | None
    cursor: str
    done: bool


class LogTailer:
    """Starts and stops live logs, and reads their new lines, which `TailPoster` posts."""

    def __init__(
        self,
        bolt: Bolt,
        runs: Runs,
        log_tails: LogTails,
        rules: LogTailRules,
        *,
        mask: Callable[[str], str],
    ) -> None:
        self._bolt = bolt
        self._runs = runs
        self._log_tails = log_tails
        self._rules = rules
        self._mask = mask

    # --- requests of people ---

    async def begin_tail(self, asker: Asker, key: RunKey, number: int | None) -> Message | None:
        """Start a live log and return the answer, or None if it can't be live (see `why_not`).

        Raises StoreUnavailable.
        """
        run = await self._runs.load_run(key)
        if run is None:
            return None
        listed = numbered(run)
        own = sum(1 for at, _ in listed if at is not None)
        if number is not None and number > own and not is_final(run.seen.state):
            begun = (
                f"{own} of the run's commands {'has' if own == 1 else 'have'} started so far"
                if own
                else "none of the run's commands has"
            )
            return Message((f"Command {number} of run {key.id} hasn't started yet; {begun}.",))
        word = await self._log_tails.begin_tail(key, asker, _first(listed, number), most=self._rules.most)
        match word:
            case "over" | "no_card":
                return None
            case "full":
                text: Sentence = (
                    f"I'm already following {plural(self._rules.most, 'log')}, which is my limit. Try again later.",
                )
                return Message(text)
            case "known":
                text = await self._already(asker, key, listed, number)
            case _:
                every = round(self._rules.gap_s)
                text = (
                    f"I'll post new lines from run {key.id} in its thread, at most once every {every} s, until it ends.",
                )
        return Message(text, (Paragraph(text), Buttons((stop_button(key),))))

    async def _already(self, asker: Asker, key: RunKey, listed: Numbered, number: int | None) -> Sentence:
        """Say which command's log is live, and how to follow another.

        A live log moves on to the next command by itself.
        """
        tail = await self._log_tails.load_tail(f"{key.name}:{asker.channel}")
        now = next(((at, one) for at, one in listed if tail and one.id == tail.command), None)
        come = f"I'm already posting new lines from run {key.id} in its thread"
        if now is None:
            return (f"{come}.",)
        at, command = now
        which = f" (command {at})" if at is not None else ""
        text: Sentence = (f"{come}, currently from ", Code(cut(command.text, COMMAND_SHOWN)), f"{which}.")
        if number in {None, at}:
            return text
        return (*text, f" To follow command {number} instead, stop following first, then try again.")

    async def restore_and_begin_tail(self, asker: Asker, lost: LostCard, number: int | None) -> Message | None:
        """Restore the lost record of a card, then begin a live log as `begin_tail` does. Raises StoreUnavailable."""
        key = lost.run.key
        status = await self._ask(key)
        if isinstance(status, Message):
            return status
        if is_final(status.state):
            return None
        seen = observe(status, self._mask)
        await self._runs.restore_run(key, lost.run.facts, seen, asker.team, lost.card, over=False)
        return await self.begin_tail(asker, key, number)

    async def stop_tail(self, key: RunKey, channel: str) -> Message:
        """Stop a live log, and return the answer. Raises StoreUnavailable."""
        if await self._log_tails.drop_tail(f"{key.name}:{channel}"):
            return Message((f"I've stopped following the log of run {key.id}.",))
        return Message((f"I'm not following the log of run {key.id} here, so there's nothing to stop.",))

    async def why_not(self, key: RunKey) -> Message | None:
        """Explain why a run's log can't be live here, or return None if the run has ended: its log can be shown now."""
        run = await self._runs.load_run(key)
        stands = run.seen if run is not None else await self._ask(key)
        if isinstance(stands, Message):
            return stands
        if is_final(stands.state):
            return None
        text: Sentence = (
            f"Run {key.id} has no card in this channel, so there's no thread for its log. ",
            "Click Follow this run first, then Live log. To read the log so far, click Show log.",
        )
        show = command_button("Show log", LogsCommand(key.id), spoken=f"Show the log of run {key.id}")
        live = command_button(
            "Live log", LogsCommand(key.id, follow=True), number=1, spoken=f"Live log of run {key.id}"
        )
        return Message(text, (Paragraph(text), Buttons((follow_button(run or Run(key)), live, show))))

    async def _ask(self, key: RunKey) -> RunStatus | Message:
        """The run's status in Bolt, or the answer that says why it's missing."""
        try:
            return await self._bolt.status(key.id)
        except BoltRejected:
            return Message((f"There's no run {key.id} in Bolt. Check the number.",))
        except BoltError as error:
            return Message((f"{error.sentence} Try again in a minute.",))

    # --- reading ---

    async def advance_tail(self, lease: Lease) -> None:
        """Read the new lines of a claimed live log, and request their post."""
        tail = await self._log_tails.load_tail(lease.member)
        run = await self._runs.load_run(tail.key) if tail else None
        if tail is None:
            await self._log_tails.note_progress(lease, 0, "", 0, delay_s=0)
            return
        if run is None:
            await self._log_tails.drop_tail(tail.id)
            return
        if tail.pending is not None or not self._is_time(lease, tail, run):
            await self._rest(lease, tail)
            return
        if lease.since_s(tail.begun_at) > self._rules.for_s:
            await self._push(lease, LogBatch("", 0, "", tail.command, tail.cursor, HOUR))
            return
        try:
            read = await self._read(tail, run)
        except BoltRejected:
            await self._refused(lease, tail)
        except BoltError as away:
            delay_s = away.retry_after_s if isinstance(away, BoltThrottled) else AWAY_AGAIN_S
            await self._rest(lease, tail, delay_s=delay_s)
        else:
            await self._goes_on(lease, tail, run, read)

    def _is_time(self, lease: Lease, tail: LogTail, run: Run) -> bool:
        """Whether the next post is due: intervals grow, but the last post doesn't wait."""
        if tail.posted_at is None or is_final(run.seen.state):
            return True
        return lease.since_s(tail.posted_at) >= pause_s(tail.posts, self._rules.gap_s)

    async def _goes_on(self, lease: Lease, tail: LogTail, run: Run, read: LogRead) -> None:
        over = is_final(run.seen.state)
        done = read.done or (over and await self._runs.final_since_s(run.key) > LAST_LINES_S)
        command = read.command.id if read.command else tail.command
        if read.lines.count:
            lines = await asyncio.to_thread(read.lines.shown, self._mask)
            text = read.command.text if read.command else ""
            await self._push(
                lease, LogBatch(text, read.lines.count, lines, command, read.cursor, ENDED if done else "")
            )
        elif done:
            # The run's end has been announced already.
            await self._log_tails.drop_tail(tail.id)
        else:
            await self._log_tails.note_progress(lease, command, read.cursor, 0, delay_s=self._rules.look_s)

    async def _read(self, tail: LogTail, run: Run) -> LogRead:
        """Read the output since the last post, of this command and later ones. Raises BoltError.

        At most PAGES_MOST pages are read.
        """
        over, listed = is_final(run.seen.state), run.seen.commands
        command = next((one for one in listed if one.id >= tail.command), None)
        lines = LogLines()
        if command is None:
            return LogRead(lines, None, "", done=over)
        cursor = tail.cursor if tail.command == command.id else ""
        for _ in range(PAGES_MOST):
            page = await self._bolt.command_log(command.id, cursor or BEGINNING)
            lines.add(line for _, line in page.lines)
            cursor = page.cursor
            after = next((one for one in listed if one.id > command.id), None)
            if page.finished and after is None:
                return LogRead(lines, command, cursor, done=over)
            if page.finished and after is not None:
                command, cursor = after, ""
                lines.heading(after.text)
            elif not page.lines:
                break
        return LogRead(lines, command, cursor, done=False)

    async def _refused(self, lease: Lease, tail: LogTail) -> None:
        """Handle an unknown command: it may have just begun, and if it stays unknown, it and its run are gone."""
        refused = tail.refused + 1
        if refused >= REFUSED_MOST:
            await self._push(lease, LogBatch("", 0, "", tail.command, tail.cursor, GONE))
            return
        delay_s = self._rules.look_s * refused
        await self._log_tails.note_progress(lease, tail.command, tail.cursor, refused, delay_s=delay_s)

    async def _push(self, lease: Lease, batch: LogBatch) -> None:
        await self._log_tails.push_batch(lease, batch, delay_s=LOOK_S)

    async def _rest(self, lease: Lease, tail: LogTail, *, delay_s: float | None = None) -> None:
        look_s = self._rules.look_s if delay_s is None else delay_s
        await self._log_tails.note_progress(lease, tail.command, tail.cursor, tail.refused, delay_s=look_s)


class TailPoster:
    """Posts the lines that `LogTailer` has read."""

    def __init__(
        self, chat: Chat, posts: PostLane, log_tails: LogTails, answers: PrivateReplies, rules: LogTailRules
    ) -> None:
        self._posts = posts
        self._log_tails = log_tails
        self._answers = answers
        self._poster = MessagePoster(chat, posts, settle_s=rules.settle_s)
        self._rules = rules

    async def post_lines(self, lease: Lease, urgency: str, channel: str, name: str) -> None:
        """Post the waiting lines of a claimed `follow/<name>`."""
        post = ClaimedPost(lease, urgency, channel, f"follow:{name}", "post")
        tail = await self._log_tails.load_tail(name)
        if tail is None:
            await self._log_tails.clear(name)
            return
        if tail.pending is None:
            # Another replica has already posted them.
            return
        try:
            await self._poster.check_reachable(channel)
            await self._post(post, tail, tail.pending)
        except CredentialRefused as refused:
            await self._poster.wait_for_token(post, refused)
        except SlackRefused as refused:
            await self._give_up(post, tail, refused)

    async def _post(self, post: ClaimedPost, tail: LogTail, batch: LogBatch) -> None:
        key = f"follow:{tail.key.id}:{_stamp(tail.begun_at)}:{tail.posts}"
        message, sent = batch_post(tail.key, batch, tail.posts), list[str]()
        ts = await self._poster.post_message_once(post, message, key, tail.card.ts, sent=sent)
        if ts is None:
            return
        word = await self._log_tails.posted(post, tail, delay_s=self._rules.look_s)
        if word == "known" and sent:
            await self._poster.remove_duplicate(CardRef(post.channel, ts))

    async def _give_up(self, post: ClaimedPost, tail: LogTail, refused: SlackRefused) -> None:
        why = f"Slack refused my post ({refused.code})"
        if isinstance(refused, ChannelRefused):
            why = f"I can't post in its card's channel. Invite me with /invite {self._rules.bot_name}"
        text = f"I've stopped following the log of run {tail.key.id}: {why}."
        told = await self._answers.reply_privately(tail.asker, Message((text,)))
        if told or post.lease.since_s(tail.begun_at) > self._rules.for_s:
            await self._log_tails.drop_tail(tail.id)
        else:
            # Slack refused the post, so nothing was posted. Try once more to post it or to explain why not.
            await self._posts.put_back(post, delay_s=AWAY_AGAIN_S, record="")


def _first(listed: Numbered, number: int | None) -> int:
    """The id of the command to begin with, or 0 if none has begun.

    The command with that number is chosen, or else the running one, or else the last one.
    """
    if not listed:
        return 0
    chosen = [command for at, command in listed if at is not None and at == number]
    running = [command for _, command in listed if command.return_code is None]
    return (chosen or running or [command for _, command in listed])[-1].id


def _stamp(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)
