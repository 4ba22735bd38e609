"""Every fault the bot can name, as one tree.

BotError                    has `sentence`, the words for the person who asked
├── BadCommand              what was typed cannot be understood; nothing was done
├── StoreUnavailable               Redis did not answer
│   └── StoreRefused            Redis answered, and refuses what the bot has to do: full, read-only, no permission
├── StoreUnfit              Redis is there, and cannot be used as it is
├── ChartFailed                 a picture could not be drawn
├── BoltError               the Bolt API
│   ├── BoltNotSent         no connection was made: the request never left
│   ├── BoltThrottled       429, nothing was done (`retry_after_s`)
│   ├── BoltOutcomeUnknown            sent, but its reply was lost or unreadable: the outcome is unknown
│   ├── BoltTooLarge        the answer is larger than is read
│   ├── BoltDenied          the credentials were refused (401, 403)
│   ├── DownloadRefused     a file's address was refused: it has expired, or is none that is fetched
│   └── BoltRejected        the API answered with errors (`errors`: message and path)
│       ├── BoltInvalidQuery    the query does not fit this backend, or is too large; nothing was executed
│       └── AlreadyRunning      the schedule runs already
└── SlackError              the Slack Web API
    ├── SlackNotSent        no connection was made
    ├── SlackThrottled      429 or ratelimited (`retry_after_s`)
    ├── SlackOutcomeUnknown           sent, but its reply was lost: the outcome is unknown
    └── SlackRefused        Slack answered ok: false (`code`)
        ├── ChannelRefused      the channel cannot be written to (not a member, archived, gone, restricted)
        ├── MessageGone         the message cannot be edited any more
        ├── ContentRefused      the blocks or the text were not accepted
        ├── FileRefused         the workspace does not take this file
        └── CredentialRefused   the token or one of its scopes is refused
            └── ScopeMissing        the app was installed without the scope that this needs
"""

from __future__ import annotations

from dataclasses import dataclass


class BotError(Exception):
    """The root. `sentence` is one plain sentence for a person: the reason first, then the next step.

    Operators get more: `cause` in a few words, and `where`, the host and port it happened at (never a credential). Both
    are empty if there's nothing to add.
    """

    def __init__(self, sentence: str, *, cause: str = "", where: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.cause = cause
        self.where = where

    @property
    def detail(self) -> str:
        """What operators read in the log: the host and the cause, or the sentence."""
        return ": ".join(part for part in (self.where, self.cause) if part) or self.sentence


class BadCommand(BotError):
    """What was typed cannot be understood. Nothing was done."""


class StoreUnavailable(BotError):
    """Redis did not answer in time, or not at all. What was asked may or may not have been recorded."""

    def __init__(
        self, sentence: str = "I can't reach my database (Redis).", *, cause: str = "", where: str = ""
    ) -> None:
        super().__init__(sentence, cause=cause, where=where)


class StoreRefused(StoreUnavailable):
    """Redis answered, and refuses what the bot has to do: it's full, read-only, can't save, or lacks permission.

    What was asked is not recorded.
    """


class StoreUnfit(BotError):
    """Redis is there and cannot be used as it is: too old, evicting keys, refusing the password, locked by another."""


class ChartFailed(BotError):
    """A picture could not be drawn in time, or within its memory."""


class BoltError(BotError):
    """The Bolt API failed in some way."""


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
    """The request was sent, and its reply was lost or could not be read: nobody knows whether it was done."""

    def __init__(self, sentence: str = "Bolt didn't answer.", *, cause: str = "", where: str = "") -> None:
        super().__init__(sentence, cause=cause, where=where)


class BoltTooLarge(BoltError):
    """The answer is above `most` bytes and was not read to its end."""

    def __init__(self, most: int) -> None:
        super().__init__(f"Bolt's response is larger than the {most:,} bytes I can read.")
        self.most = most


class BoltDenied(BoltError):
    """The Bolt API refused the credentials, or the key lacks the capability."""

    def __init__(self, sentence: str = "Bolt refused my API key.") -> None:
        super().__init__(sentence)


class DownloadRefused(BoltError):
    """A file was not given: its address has expired, or it is none that may be fetched."""

    def __init__(self, sentence: str = "Bolt's storage didn't return the file.") -> None:
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class ApiError:
    """One entry of a GraphQL answer's `errors`. `path` is empty where the server gave none."""

    message: str
    path: tuple[str | int, ...] = ()


class BoltRejected(BoltError):
    """The Bolt API answered with errors, in its own words in `errors`."""

    def __init__(self, errors: tuple[ApiError, ...]) -> None:
        super().__init__(errors[0].message if errors else "Bolt refused without giving a reason.")
        self.errors = errors


class BoltInvalidQuery(BoltRejected):
    """The query does not fit this backend, or was refused as too large. Nothing was executed."""


class AlreadyRunning(BoltRejected):
    """The schedule has an active run and Bolt does not start a second one."""


class SlackError(BotError):
    """The Slack Web API failed in some way. `method` is the API method."""

    def __init__(self, sentence: str, method: str, *, cause: str = "", where: str = "") -> None:
        super().__init__(sentence, cause=cause, where=where)
        self.method = method


class SlackNotSent(SlackError):
    """No connection to Slack was made."""

    def __init__(self, method: str, *, cause: str = "", where: str = "") -> None:
        super().__init__("I can't reach Slack.", method, cause=cause, where=where)


class SlackThrottled(SlackError):
    """Slack asked to wait `retry_after_s` seconds before the next call of this method."""

    def __init__(self, method: str, retry_after_s: float) -> None:
        super().__init__("Slack is busy and asked me to wait.", method)
        self.retry_after_s = retry_after_s


class SlackOutcomeUnknown(SlackError):
    """The call was sent, and its reply was lost: nobody knows whether it was done."""

    def __init__(self, method: str, *, cause: str = "", where: str = "") -> None:
        super().__init__("Slack didn't answer.", method, cause=cause, where=where)


class SlackRefused(SlackError):
    """Slack answered `ok: false`. `code` is its own word for the reason."""

    def __init__(self, method: str, code: str) -> None:
        super().__init__(f"Slack refused ({code}).", method, cause=f"Slack answered {code}")
        self.code = code


class ChannelRefused(SlackRefused):
    """The channel cannot be written to: the bot is not in it, or it is archived, gone or restricted."""


class MessageGone(SlackRefused):
    """The message cannot be edited any more: deleted, or outside the edit window."""


class ContentRefused(SlackRefused):
    """The blocks or the text were not accepted."""


class FileRefused(SlackRefused):
    """The workspace does not take this file."""


class CredentialRefused(SlackRefused):
    """The token, or one of its scopes, is refused."""


class ScopeMissing(CredentialRefused):
    """The app was installed without the scope that this needs; whatever needs another one goes on.

    `needed` is Slack's own word for the scope, or several by commas; empty if Slack didn't say.
    """

    def __init__(self, method: str, code: str, needed: str = "") -> None:
        super().__init__(method, code)
        self.needed = needed
        if needed:
            self.sentence = (
                f"My Slack app lacks the permission {needed}. Whoever runs me can add it and install the app again."
            )
