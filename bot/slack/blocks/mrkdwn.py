"""Render sentences as Slack's mrkdwn. Foreign text is inert: it can't mention, link or format anything.

Slack parses `&`, `<` and `>` as control characters; `*`, `_`, `~` and backticks as formatting; `:name:` as emoji. The
first three are escaped as Slack documents (docs.slack.dev, formatting message text). Each of the others, and a `>` that
would begin a quote, is preceded by a word joiner, an invisible character that keeps Slack from reading it as markup.
This is done only at the edges of words, where it could begin or end formatting, so a name like stg_orders can be copied
from a card unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC
from itertools import groupby

from bot.core.text.text import Bold, Channel, Code, Emoji, Group, Link, Mention, Sentence, Span, When, showable

JOINER = "\u2060"

_FORMATTING = re.compile(r"((?<![A-Za-z0-9])[*_~]|[*_~](?![A-Za-z0-9])|`|:(?=[\w+'-]{1,100}:))")
_PINGS = re.compile(r"@(?=channel|here|everyone)", re.IGNORECASE)
# At the beginning of a line, Slack reads `>` as a quote, escaped or not.
_QUOTE = re.compile(r"(?m)^(?=&gt;)")
_USER = re.compile(r"[UW][A-Z0-9]{1,20}")
_GROUP = re.compile(r"S[A-Z0-9]{1,20}")
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{1,20}")
_EMOJI = re.compile(r"[a-z0-9_+-]{1,80}")
_SAFE_URL = re.compile(r"https?://[^\s<>|`]+")


def mrkdwn(sentence: Sentence) -> str:
    """Render a sentence as mrkdwn. Adjacent texts are made inert as one, because together they could be markup."""
    groups = groupby(sentence, key=lambda span: isinstance(span, str))
    return "".join(_together(list(spans)) for _, spans in groups)


def _together(spans: Sequence[Span]) -> str:
    texts = [span for span in spans if isinstance(span, str)]
    return inert("".join(texts)) if texts else "".join(map(_marked, spans))


def plain(sentence: Sentence) -> str:
    """Render a sentence without markup, for plain_text fields: dialogs and labels."""
    return showable("".join(_plain(span) for span in sentence))


def inert(text: str) -> str:
    """Escape foreign text so that Slack shows it unchanged."""
    return _PINGS.sub(f"@{JOINER}", _FORMATTING.sub(rf"{JOINER}\1", _QUOTE.sub(JOINER, escape(showable(text)))))


def escape(text: str) -> str:
    """Escape the three characters that Slack requires to be escaped, the ampersand first."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _marked(span: Span) -> str:
    match span:
        case str():
            return inert(span)
        case Bold(text):
            flat = " ".join(showable(text).split())
            return f"*{inert(flat)}*" if flat else ""
        case Code(text):
            return _code(text)
        case Mention(user):
            return f"<@{user}>" if _USER.fullmatch(user) else inert(user)
        case Group(group, name):
            return f"<!subteam^{group}>" if _GROUP.fullmatch(group) else inert(name)
        case Channel(channel):
            return f"<#{channel}>" if _CHANNEL.fullmatch(channel) else inert(channel)
        case Link(url, text):
            return f"<{escape(url)}|{inert(text)}>" if _SAFE_URL.fullmatch(url) and url.isprintable() else inert(text)
        case When():
            return _when(span)
        case Emoji(name):
            return f":{name}:" if _EMOJI.fullmatch(name) else ""


def _code(text: str) -> str:
    """Render code. Between backticks, Slack parses only mentions, so no joiner is copied along with a command.

    Text that contains a backtick is shown without backticks around it: a lookalike character would be misleading.
    """
    flat = " ".join(showable(text).split())
    if "`" in flat:
        return f"{JOINER}{inert(flat)}{JOINER}"
    return f"`{escape(flat)}`" if flat else ""


def _when(when: When) -> str:
    at = when.at.astimezone(UTC)
    token, fallback = {
        "ago": ("{ago}", f"{at:%Y-%m-%d %H:%M} UTC"),
        "date_time": ("{date_short_pretty} at {time}", f"{at:%Y-%m-%d %H:%M} UTC"),
    }.get(when.style, ("{time}", f"{at:%H:%M} UTC"))
    return f"<!date^{int(at.timestamp())}^{token}|{fallback}>"


def _plain(span: Span) -> str:
    match span:
        case str():
            return span
        case Bold(text) | Code(text) | Link(_, text):
            return text
        case Mention(user):
            return f"@{user}"
        case Group(_, name):
            return name
        case Channel(channel):
            return f"#{channel}"
        case When(at):
            return f"{at.astimezone(UTC):%H:%M} UTC"
        case Emoji():
            return ""
