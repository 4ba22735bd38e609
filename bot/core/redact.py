"""The masker: what is secret is replaced before anything is posted, uploaded or logged.

Three rules, in this order. Exact: the values of our own secret settings (from 6 characters on; shorter ones
would mask ordinary words), also as they look in an address. By shape: private keys, passwords in addresses, bearer
and basic headers, tokens that carry their maker's prefix, JSON Web Tokens. By name: the value after a name that
holds PASSWORD, SECRET, TOKEN or KEY, where it can be a secret at all: a number, a boolean, a dbt identifier after
`unique_key`, `primary_key` and the like, or a file's name is none.

Every pattern begins with something fixed and runs over a bounded or a negated set, so that the time is linear in
the text, a hostile one too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

MASK = "•••"
SHORTEST_EXACT = 6

_PEM_BEGIN = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----")
_PEM_END = re.compile(r"-----END [A-Z ]{0,40}PRIVATE KEY-----")
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
_PEM_LIMIT = 16_000
# The password may hold an @ itself: up to the last one before a slash, a space or a quote.
_URL = re.compile(
    r"(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{1,20}://)([^\s/@:'\"<>]{0,200}):([^\s/'\"<>]{1,400})@", re.IGNORECASE
)
_URL_USER = re.compile(r"(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{1,20}://)([^\s/@:'\"<>]{20,400})@", re.IGNORECASE)
_HOOK = re.compile(r"(https://hooks\.slack\.com/)[\w/+-]{8,200}")
_HEADER = re.compile(r"\b(bearer|basic)(\s{1,3})([A-Za-z0-9._~+/=-]{12,4000})", re.IGNORECASE)
_SHAPES = re.compile(
    r"""(?<![A-Za-z0-9])(?:
        xox[abeoprs]-[A-Za-z0-9-]{8,400} | xoxe\.xox[bp]-[A-Za-z0-9-]{8,400} | xapp-[A-Za-z0-9-]{8,400}
      | prdm_(?:wsp|cmp)_[A-Za-z0-9_-]{4,400}
      | gh[opsur]_[A-Za-z0-9]{16,300} | github_pat_[A-Za-z0-9_]{20,300}
      | gl(?:pat|rt|cbt|dt|ptt|soat|ffct)-[A-Za-z0-9_.-]{16,300}
      | (?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])
      | AIza[A-Za-z0-9_-]{30,60} | ya29\.[A-Za-z0-9_-]{20,400} | GOCSPX-[A-Za-z0-9_-]{20,60}
      | sk-(?:proj-|ant-)?[A-Za-z0-9_-]{20,300} | dapi[a-f0-9]{32} | npm_[A-Za-z0-9]{36} | pypi-[A-Za-z0-9_-]{20,400}
      | eyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{0,2000}
    )""",
    re.VERBOSE,
)
_AZURE = re.compile(r"([?&;](?:sig|AccountKey|SharedAccessKey)=)[A-Za-z0-9%+/=_-]{16,200}", re.IGNORECASE)
# The part of a name that tells; what stands before it is looked at where it is found, so that no text is read twice.
_TELLING = r"(?:passwd|password|passphrase|secret|token|api_?key|[_-]key|(?<![a-z0-9])key)[a-z0-9_-]{0,40}"
_VALUE = r"""(?P<value>"[^"\n]{1,4000}"|'[^'\n]{1,4000}'|[^\s,;"'(){}\[\]]{1,4000})"""
_NAMED = re.compile(
    rf"""(?P<name>{_TELLING})(?P<between>["']?[ \t]{{0,3}}(?:=>|:=|[:=])[ \t]{{0,3}}){_VALUE}""", re.IGNORECASE
)
_FLAG = re.compile(rf"(?P<name>{_TELLING})(?P<between>[ \t]{{1,3}}){_VALUE}", re.IGNORECASE)
_NAME_BEFORE = re.compile(r"[A-Za-z0-9_.-]{0,60}$")
_SURE = re.compile(
    r"passw|passphrase|secret|token|api_?key|access_?key|private_?key|encryption_?key|account_?key", re.IGNORECASE
)
# Names that speak of columns, counts and files, not of secrets.
_HARMLESS_NAME = re.compile(
    r"(?:unique|primary|foreign|sort|dist|partition|cluster|surrogate|natural|business|join|merge|composite|group|cache|hash|lookup|dim|order|customer|row)_?keys?$"
    r"|(?:tokens?|secrets?|keys?|passwords?)_(?:count|counts|total|used|limit|name|names|id|type|at|expiry|expires|length|columns?|path|file|error)$"
    r"|^(?:total_|max_|num_|n_)?tokens$|keyerror|keyword|monkey|hotkey|turnkey",
    re.IGNORECASE,
)
_HARMLESS_VALUE = re.compile(
    r"(?:\d{1,12}|true|false|null|none|yes|no|\*{3,}|•••.*|\.{3}|<[^>]*>|\$\{?\{?[^}]*\}?\}?|\{\{.*|env_var.*)$",
    re.IGNORECASE,
)


class Redactor:
    """Masks secrets. `exact` are values to be masked wherever they stand; `extra` are patterns masked as a whole."""

    def __init__(self, exact: Iterable[str] = (), extra: Iterable[re.Pattern[str]] = ()) -> None:
        values = {form for value in exact if len(value) >= SHORTEST_EXACT for form in (value, quote(value, safe=""))}
        # The longest first: a value may be a part of another.
        ordered = sorted(values, key=len, reverse=True)
        self._exact = re.compile("|".join(map(re.escape, ordered))) if ordered else None
        self._extra = tuple(extra)

    def mask(self, text: str) -> str:
        """The text with every secret replaced."""
        if self._exact is not None:
            text = self._exact.sub(MASK, text)
        for pattern in self._extra:
            text = pattern.sub(MASK, text)
        text = _mask_private_keys(text)
        if "://" in text:
            text = _URL.sub(rf"\1{MASK}@", text)
            text = _URL_USER.sub(rf"\1{MASK}@", text)
            text = _HOOK.sub(rf"\1{MASK}", text)
        text = _HEADER.sub(rf"\1\2{MASK}", text)
        text = _SHAPES.sub(MASK, text)
        text = _AZURE.sub(rf"\1{MASK}", text)
        text = _NAMED.sub(_named, text)
        return _FLAG.sub(_flagged, text)


def _mask_private_keys(text: str) -> str:
    """Each private key is masked to its end; one that has no end to the next blank line, within a bound."""
    parts: list[str] = []
    at = 0
    while found := _PEM_BEGIN.search(text, at):
        limit = min(len(text), found.end() + _PEM_LIMIT)
        end = _PEM_END.search(text, found.end(), limit)
        blank = None if end else _BLANK_LINE.search(text, found.end(), limit)
        parts += [text[at : found.end()], f" {MASK}"]
        at = end.end() if end else blank.start() if blank else limit
    return "".join(parts) + text[at:] if parts else text


def _whole_name(found: re.Match[str]) -> str:
    before = _NAME_BEFORE.search(found.string, max(0, found.start() - 60), found.start())
    return (before[0] if before else "") + found["name"]


def _named(found: re.Match[str]) -> str:
    name, value = _whole_name(found), found["value"]
    bare = value.strip("\"'")
    if _HARMLESS_NAME.search(name) or _HARMLESS_VALUE.fullmatch(bare) or MASK in value:
        return found[0]
    if not _SURE.search(name) and not _looks_random(bare):
        return found[0]
    return _masked(found)


def _flagged(found: re.Match[str]) -> str:
    """`--token abc`: the value behind a flag. Words of prose that follow one another are none."""
    name, value = _whole_name(found), found["value"]
    if not name.startswith("-") or not _SURE.search(name) or value.startswith("-") or MASK in value:
        return found[0]
    return found[0] if _HARMLESS_NAME.search(name) else _masked(found)


def _masked(found: re.Match[str]) -> str:
    quoted = found["value"][0] if found["value"][0] in "\"'" else ""
    return f"{found['name']}{found['between']}{quoted}{MASK}{quoted}"


def _looks_random(value: str) -> bool:
    """Whether a value after some plain `…_key` can be a secret: long, with both letters and digits, and no words."""
    return len(value) >= 16 and any(c.isdigit() for c in value) and any(c.isalpha() for c in value) and "." not in value
