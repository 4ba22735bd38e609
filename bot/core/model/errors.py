"""Every error that the bot can name, as one tree.

Slack's errors are mapped to these in `bot.slack.errors`, Bolt's in `bot.paradime.classify_response`, and Redis' in
`bot.store.redis_errors`.

BotError                    `sentence` is the message for the person who asked
├── BadCommand              the typed command can't be understood; nothing was done
├── StoreUnavailable        Redis didn't answer
│   ├── StoreRefused            Redis answered with a refusal: full, read-only, no permission
│   └── StoreFault              a script or command of the bot failed although Redis works: a bug
├── StoreUnfit              Redis is reachable but unusable
├── ChartFailed             a chart couldn't be drawn
├── BoltError               the Bolt API
│   ├── BoltNotSent         no connection was made: the request never left
│   ├── BoltThrottled       429, nothing was done (`retry_after_s`)
│   ├── BoltOutcomeUnknown  sent, but the response was lost or unreadable: the outcome is unknown
│   ├── BoltTooLarge        the response is larger than the limit
│   ├── BoltDenied          the credentials were refused (401, 403)
│   ├── DownloadRefused     a file's URL was refused: it has expired, or may not be fetched
│   └── BoltRejected        the API answered with errors (`errors`: message and path)
│       ├── BoltInvalidQuery    the query doesn't fit this backend, or is too large; nothing was executed
│       └── AlreadyRunning      the schedule has an active run
└── SlackError              the Slack Web API
    ├── SlackNotSent        no connection was made
    ├── SlackThrottled      429 or ratelimited (`retry_after_s`)
    ├── SlackOutcomeUnknown sent, but the response was lost: the outcome is unknown
    └── SlackRefused        Slack answered ok: false (`code`)
        ├── ChannelRefused      the channel can't be written to (not a member, archived, gone, restricted)
        ├── MessageGone         the message can't be edited or replied to anymore
        ├── ContentRefused      Slack rejected the blocks or the text
        ├── FileRefused         the workspace doesn't accept this file
        └── CredentialRefused   Slack refused the token or one of its scopes
            └── ScopeMissing        the app was installed without a required scope
"""

from __future__ import annotations

from dataclasses import dataclass


class BotError(Exception):
    """Root of the tree. `sentence` is one plain sentence for a person: the reason first, then the next step.

    Operators get more: `cause` says why in a few words, and `where` is the host and port (never a credential).
    `cause` and `where` are empty if there's nothing to add.
    """

    def __init__(self, sentence: str, *, cause: str = "", where: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.cause = cause
        self.where = where

    @property
    def detail(self) -> str:
        """The detail for the operator's log: host and cause, or else the sentence."""
        return ": ".join(part for part in (self.where, self.cause) if part) or self.sentence


class BadCommand(BotError):
    """The typed command can't be understood. Nothing was done."""


class StoreUnavailable(BotError):
    """Redis didn't answer, or took too long. The change may or may not have been recorded."""

    def __init__(
        self, sentence: str = "I can't reach my database (Redis).", *, cause: str = "", where: str = ""
    ) -> None:
        super().__init__(sentence, cause=cause, where=where)


class StoreRefused(StoreUnavailable):
    """Redis answered with a refusal: it's full, read-only, can't save, or denies permission.

    The change was not recorded.
    """


class StoreFault(StoreUnavailable):
    """A script or command of the bot's own failed although Redis works. The error is in the log under `reference`.

    Any changes that the script made before it failed stay.
    """

    def __init__(self, reference: str, *, cause: str = "", where: str = "") -> None:
        super().__init__(
            f"Something unexpected happened in my database (reference {reference}).", cause=cause, where=where
        )
        self.reference = reference


class StoreUnfit(BotError):
    """Redis can't be used: it's too old, evicts keys, refuses the password, or is in use by another bot."""


class ChartFailed(BotError):
    """A chart couldn't be drawn in time, or within its memory limit."""


class BoltError(BotError):
    """Base of all errors of the Bolt API."""


class BoltNotSent(BoltError):
    """No connection to the Bolt API was made: the request never left this process."""

    def __init__(self, sentence: str = "I can't reach Bolt.", *, cause: str = "", where: str = "") -> None:
        super().__init__(sentence, cause=cause, where=where)


class BoltThrottled(BoltError):
    """The Bolt API asked to wait `retry_after_s` seconds. The request was not carried out."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__("Bolt is busy and asked me to wait.")
        self.retry_after_s = retry_after_s


class BoltOutcomeUnknown(BoltError):
    """The request was sent, but the response was lost or unreadable: its outcome is unknown."""

    def __init__(self, sentence: str = "Bolt didn't answer.", *, cause: str = "", where: str = "") -> None:
        super().__init__(sentence, cause=cause, where=where)


class BoltTooLarge(BoltError):
    """The response exceeds `most` bytes, so the rest of it wasn't read."""

    def __init__(self, most: int) -> None:
        super().__init__(f"Bolt's response is larger than the {most:,} bytes I can read.")
        self.most = most


class BoltDenied(BoltError):
    """The Bolt API refused the credentials, or the key lacks the capability."""

    def __init__(self, sentence: str = "Bolt refused my API key.", *, cause: str = "", where: str = "") -> None:
        super().__init__(sentence, cause=cause, where=where)


class DownloadRefused(BoltError):
    """A download was refused: the file's URL has expired, or may not be fetched."""

    def __init__(self, sentence: str = "Bolt's storage didn't return the file.") -> None:
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class ApiError:
    """An entry of a GraphQL response's `errors`. `path` is empty if the server gave none."""

    message: str
    path: tuple[str | int, ...] = ()


class BoltRejected(BoltError):
    """The Bolt API answered with errors; `errors` holds them in Bolt's own words."""

    def __init__(self, errors: tuple[ApiError, ...]) -> None:
        super().__init__(errors[0].message if errors else "Bolt refused without giving a reason.")
        self.errors = errors


class BoltInvalidQuery(BoltRejected):
    """The query doesn't fit this backend, or was refused as too large. Nothing was executed."""


class AlreadyRunning(BoltRejected):
    """The schedule has an active run, so Bolt doesn't start a second one."""


class SlackError(BotError):
    """Base of all errors of the Slack Web API. `method` is the API method."""

    def __init__(self, sentence: str, method: str, *, cause: str = "", where: str = "") -> None:
        super().__init__(sentence, cause=cause, where=where)
        self.method = method


class SlackNotSent(SlackError):
    """No connection to Slack was made: the request never left this process."""

    def __init__(self, method: str, *, cause: str = "", where: str = "") -> None:
        super().__init__("I can't reach Slack.", method, cause=cause, where=where)


class SlackThrottled(SlackError):
    """Slack asked to wait `retry_after_s` seconds before the next call of this method."""

    def __init__(self, method: str, retry_after_s: float) -> None:
        super().__init__("Slack is busy and asked me to wait.", method)
        self.retry_after_s = retry_after_s


class SlackOutcomeUnknown(SlackError):
    """The call was sent, but the response was lost: its outcome is unknown."""

    def __init__(self, method: str, *, cause: str = "", where: str = "") -> None:
        super().__init__("Slack didn't answer.", method, cause=cause, where=where)


class SlackRefused(SlackError):
    """Slack answered `ok: false`. `code` is Slack's own word for the reason."""

    def __init__(self, method: str, code: str) -> None:
        super().__init__(f"Slack refused ({code}).", method, cause=f"Slack answered {code}")
        self.code = code


class ChannelRefused(SlackRefused):
    """The channel can't be written to: the bot isn't in it, or it's archived, gone or restricted."""


class MessageGone(SlackRefused):
    """The message can't be edited or replied to anymore: it's gone, its edit window is over or its thread is locked."""


class ContentRefused(SlackRefused):
    """Slack rejected the blocks or the text."""


class FileRefused(SlackRefused):
    """The workspace doesn't accept this file."""


class CredentialRefused(SlackRefused):
    """Slack refused the token or one of its scopes."""


class ScopeMissing(CredentialRefused):
    """The app was installed without a required scope; calls that need other scopes still work.

    `needed` is Slack's own name for the scope, or several separated by commas, and is empty if Slack didn't say.
    """

    def __init__(self, method: str, code: str, needed: str = "") -> None:
        super().__init__(method, code)
        self.needed = needed
        if needed:
            self.sentence = f"My Slack app lacks the {needed} permission. Ask whoever runs this bot to add it and reinstall the app."
