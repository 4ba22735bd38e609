"""The masker: what is secret is replaced before anything is posted, uploaded or logged.

Three rules, in this order.

Exact: the values of our own secret settings, from 6 characters on (shorter ones would mask ordinary words), also as
they look in an address or in JSON.

By shape: private keys (cut-off ones too), user and password in addresses, authorization headers, tokens that carry
their maker's prefix, JSON Web Tokens.

By name: the value after a name whose last part holds PASSWORD, SECRET, TOKEN or KEY, behind `=`, `:`, `=>` or, after
a flag, a space. What is after a name in capitals, or one that holds more than KEY alone (`api_key`), is always secret; after
another `…_key`, which in dbt is most often a column, it is where it looks random. Left as it is: a name that tells of
columns, counts, files or a dbt node (`unique_key`, `token_count`, `fct_tokens`), a value that is a placeholder, a
boolean, a short number or the same name again (`a.token = b.token`), a cast (`token::text`), and a parser's
`unexpected token: FROM`.

The time is linear in the text, a hostile one too. Each pattern starts at something fixed, or at the edge of a word that
is then taken whole (possessively); it runs over one set of characters, and either succeeds, and what it took is not
read again, or fails within a bound. ANSI codes inside a secret hide it: strip them first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = "•••"
SHORTEST_EXACT = 6

_PEM_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?! •••)")
_PEM_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_BLANK_LINE = re.compile(r"\n[ \t\r]*+\n")
_PEM_LIMIT = 16_000
_KEY_LINE = re.compile(r"\0?[ \t]*+[A-Za-z0-9+/=\\]*+\s*+")
# The password may hold an @ itself: up to the last one before a slash, a space or a quote.
_URL = re.compile(r"(://)[^\s/@:'\"<>]{0,200}:[^\s/'\"<>]{1,2000}@")
# It may even hold a slash, where what stands before that is no port.
_URL_SLASH = re.compile(r"(://)[^\s/@:?#'\"<>]{1,100}:(?!\d{1,5}[/?#])[^\s@'\"<>]{1,200}@")
# A user alone is a token in a web address; elsewhere (ssh://git@…) where it is long.
_URL_USER = re.compile(r"((?<![A-Za-z])https?://)[^\s/@:?#'\"<>]{1,2000}@", re.IGNORECASE)
_URL_LONG_USER = re.compile(r"(://)[^\s/@:?#'\"<>]{20,2000}@")
_HOOK = re.compile(r"(hooks\.slack\.com/)[\w/+-]{8,}+", re.IGNORECASE)
_HEADER = re.compile(r"\b(bearer|basic)([ \t]{1,3})([A-Za-z0-9._~+/=-]{12,}+)", re.IGNORECASE)
_AUTHORIZATION = re.compile(
    r"(authorization\\{0,3}[\"']?[ \t]{0,3}[:=][ \t]{0,3}\\{0,3}[\"']?(?:(?:bearer|basic|token|digest|apikey)[ \t]{1,3})?)[^\s\"'\\]++",
    re.IGNORECASE,
)
_SHAPES = re.compile(
    r"""(?<![A-Za-z0-9])(?:
        xox[a-z]-[A-Za-z0-9%-]{8,}+ | xoxe\.xox[a-z]-[A-Za-z0-9-]{8,}+ | xapp-[A-Za-z0-9-]{8,}+
      | prdm_(?:wsp|cmp)_[A-Za-z0-9_-]{4,}+
      | gh[opsur]_[A-Za-z0-9]{16,}+ | github_pat_[A-Za-z0-9_]{20,}+
      | gl(?:pat|rt|cbt|dt|ptt|soat|ffct|ft|imt|agent|oas)-[A-Za-z0-9_.-]{16,}+
      | (?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])
      | AIza[A-Za-z0-9_-]{30,}+ | ya29\.[A-Za-z0-9_-]{20,}+ | GOCSPX-[A-Za-z0-9_-]{20,}+
      | sk-(?:proj-|ant-)?[A-Za-z0-9_-]{20,}+ | [sr]k_(?:live|test)_[A-Za-z0-9]{16,}+
      | dapi[a-f0-9]{32} | npm_[A-Za-z0-9]{36} | pypi-[A-Za-z0-9_-]{20,}+
      | eyJ[A-Za-z0-9_-]{12,}+(?:\.[A-Za-z0-9_-]*+){0,4}
    )""",
    re.VERBOSE,
)
_AZURE = re.compile(r"((?<![A-Za-z0-9_])(?:sig|AccountKey|SharedAccessKey)=)[A-Za-z0-9%+/=_-]{16,}+", re.IGNORECASE)

_NETRC = re.compile(r"(\blogin[ \t]{1,3}[^\s]{1,100}[ \t]{1,3}password[ \t]{1,3})[^\s]++", re.IGNORECASE)
_CURL = re.compile(r"((?<![\w-])(?:-u|--user)[ \t=]{1,3}[\"']?[^\s:\"'/]{1,100}:)[^\s\"']++")
_XML = re.compile(r"(<[\w:.-]{0,60}(?:password|secret|token|api_?key)>)[^<\s]{1,2000}(?=</)", re.IGNORECASE)

# A whole name and what stands between it and its value: a sign, or after a flag a space. `::` is a cast.
_NAME = re.compile(
    r"""(?<![\w.-])(?P<name>(?P<dash>-)[\w.-]*+|[\w.-]++)(?:\\{0,3}["'`])?
    (?:[ \t]{0,3}(?P<sign>=>|->|:=|==?|:(?!:))[ \t]{0,3}|(?(dash)[ \t]{1,3}|(?!)))""",
    re.VERBOSE,
)
_TELLING = re.compile(r"passw|passphrase|secret|token|key|_pwd$|^pwd$", re.IGNORECASE)
_SURE = re.compile(
    r"passw|passphrase|secret|token|pwd|(?:api|access|private|encryption|account|signing|master|shared|fernet|license|ssh|deploy)[_-]?key",
    re.IGNORECASE,
)
_CAPITALS = re.compile(r"[A-Z0-9_]*KEY[A-Z0-9_]*")
_PASSWORD = re.compile(r"passw|passphrase|secret|pwd", re.IGNORECASE)
# Names that speak of columns, counts and files, not of secrets.
_HARMLESS_NAME = re.compile(
    r"(?:unique|primary|foreign|sort|dist|partition|cluster|clustering|surrogate|natural|business|join|merge|composite|group|cache|hash|lookup|dim|order|customer|row|public|idempotency)[_-]?keys?$"
    r"|(?:tokens?|secrets?|keys?|passwords?)[_-](?:count|counts|total|used|limit|name|names|id|ids|type|at|expiry|expires|length|columns?|path|file|error|url|uri|usage)$"
    r"|^(?:total_|max_|num_|n_|input_|output_|prompt_|completion_)?tokens$|keyerror|keyword|keyboard|monkey|hotkey|turnkey|tokeni[sz]"
    r"|(?<![a-z])key(?:s|ed|ing)$"
    r"|^(?:stg|dim|fct|fact|int|mart|base|src|raw|snap|not_null|unique|accepted_values|relationships)_\w",
    re.IGNORECASE,
)
_HARMLESS_VALUE = re.compile(
    r"true|false|null|none|nil|yes|no|undefined|\*{3,}|\.{3}|<[^>]*>|\[[^\]]*\]|\$\{[^}]*\}|\$\(.*|(?-i:\$[A-Z_][A-Z0-9_]*|%[A-Z_]+%)|\{\{.*|\{%.*|env_var\(.*",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"<[A-Za-z][^<>\n]{0,60}>(?![^\s,;)\]}])")
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,6})?")
_PARSER = re.compile(r"(?:unexpected|unrecognized|extraneous|illegal|mismatched|invalid) $", re.IGNORECASE)
_PROSE = frozenset(
    [
        "is",
        "are",
        "was",
        "were",
        "must",
        "to",
        "or",
        "and",
        "not",
        "for",
        "needs",
        "has",
        "option",
        "argument",
        "flag",
        "required",
        "may",
        "can",
        "in",
        "of",
        "with",
    ]
)

_QUOTED = re.compile(r"(?P<open>\\{0,3}\"|\\{0,3}')")
# Not a possessive group around it all: older versions of Python 3.11 match too much with those.
_DOUBLE = re.compile(r'(?:[^"\\\n]++|\\.)+')
_SINGLE = re.compile(r"(?:[^'\\\n]++|\\.|''(?=[^\s,;)\]}]))+")
_ESCAPED = re.compile(r"[^\"'\\\n]++")
# Up to a space; a separator ends it where another name follows.
_BARE = re.compile(r"(?:[^\s;&,]++|[;&,](?![ \t]?[\"']?[\w.-]{1,40}[\"']?[=:]))+")
_TRAILING = ",;)]}>"
_FIRST_WORD = re.compile(r"\\{0,3}[\"']?([^\s\"',;&)]{0,64})")
# Longer values are none of the harmless ones; it also bounds what is read again after a value that was left.
_HARMLESS_LIMIT = 200


class Redactor:
    """Masks secrets. `exact` are values to be masked wherever they stand; `extra` are patterns masked as a whole."""

    def __init__(self, exact: Iterable[str] = (), extra: Iterable[re.Pattern[str]] = ()) -> None:
        values = {form for value in exact if len(value.strip()) >= SHORTEST_EXACT for form in _forms(value)}
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
            for pattern in (_URL, _URL_SLASH, _URL_USER, _URL_LONG_USER):
                text = pattern.sub(rf"\1{MASK}@", text)
        text = _HOOK.sub(rf"\1{MASK}", text)
        text = _AUTHORIZATION.sub(rf"\1{MASK}", text)
        text = _HEADER.sub(rf"\1\2{MASK}", text)
        text = _SHAPES.sub(MASK, text)
        for pattern in (_AZURE, _NETRC, _CURL, _XML):
            text = pattern.sub(rf"\1{MASK}", text)
        return _mask_named(text)


def _forms(value: str) -> set[str]:
    """A value as it may be written: plain, in an address (both cases of its escapes), in JSON."""
    encoded = {quote(value, safe=""), quote(value), quote_plus(value)}
    lower = {re.sub(r"%[0-9A-F]{2}", lambda escape: escape[0].lower(), form) for form in encoded}
    return {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]} | encoded | lower


def _mask_private_keys(text: str) -> str:
    """Each private key is masked to its end; one that has no end to the next blank line, within a bound.

    Of one whose beginning was cut off, the lines of base64 before its end are.
    """
    if "PRIVATE KEY" not in text:
        return text
    parts: list[str] = []
    at = 0
    begun, ended = _PEM_BEGIN.search(text), _PEM_END.search(text)
    while begun or ended:
        if ended and (begun is None or ended.start() < begun.start()):
            parts += [_before_end(text[at : ended.start()]), ended[0]]
            at = ended.end()
        elif begun:
            parts += [text[at : begun.end()], f" {MASK}"]
            at = _key_end(text, begun, ended)
        begun = begun if begun and begun.start() >= at else _PEM_BEGIN.search(text, at) if begun else None
        ended = ended if ended and ended.start() >= at else _PEM_END.search(text, at) if ended else None
    return "".join(parts) + text[at:]


def _key_end(text: str, begun: re.Match[str], ended: re.Match[str] | None) -> int:
    limit = min(len(text), begun.end() + _PEM_LIMIT)
    if ended and ended.start() <= limit:
        return ended.end()
    blank = _BLANK_LINE.search(text, begun.end(), limit)
    return blank.start() if blank else limit


def _before_end(text: str) -> str:
    """What stands before the end of a key without a beginning: without the lines that can be the key's."""
    start = max(0, len(text) - _PEM_LIMIT)
    lines = text[start:].replace("\\n", "\n\0").split("\n")
    kept = len(lines)
    while kept and _KEY_LINE.fullmatch(lines[kept - 1]):
        kept -= 1
    if not any(len(line) >= 8 for line in lines[kept:]):
        return text
    return text[:start] + "\n".join(lines[:kept]).replace("\n\0", "\\n") + ("\n" if kept else "") + f"{MASK}\n"


def _mask_named(text: str) -> str:
    """Goes from name to name, so that a value which is none is read for names of its own."""
    parts: list[str] = []
    at = scan = 0
    while found := _NAME.search(text, scan):
        scan = found.end()
        value = _value(text, found)
        if value is None:
            # What looked like a separator may stand before a name: only the name itself has been read.
            continue
        start, end = value
        parts += [text[at:start], MASK]
        at = scan = end
    return "".join(parts) + text[at:] if parts else text


def _value(text: str, found: re.Match[str]) -> tuple[int, int] | None:
    """Where the secret after a name begins and ends; None where there is none."""
    name = found["name"].rpartition(".")[2]
    if not _TELLING.search(name) or _HARMLESS_NAME.search(name):
        return None
    sure = _SURE.search(name) is not None or _CAPITALS.fullmatch(name) is not None
    if found["sign"] is None and not sure:
        return None
    if not sure and not _looks_random(text, found.end()):
        return None
    start, end, quoted = _extent(text, found.end())
    value = text[start:end]
    if not value or value == MASK or _is_harmless(name, value):
        return None
    if not quoted and _is_prose(text, found, value):
        return None
    return start, end


def _extent(text: str, at: int) -> tuple[int, int, bool]:
    """Where a value begins and ends, its quotes left out, and whether it has any."""
    opening = _QUOTED.match(text, at)
    if opening:
        body = _ESCAPED if len(opening[0]) > 1 else _DOUBLE if opening[0] == '"' else _SINGLE
        inside = body.match(text, opening.end())
        return opening.end(), inside.end() if inside else opening.end(), True
    if placeholder := _PLACEHOLDER.match(text, at):
        return at, placeholder.end(), False
    bare = _BARE.match(text, at)
    end = bare.end() if bare else at
    if end - at <= _HARMLESS_LIMIT and _HARMLESS_VALUE.fullmatch(text, at, end):
        return at, end, False
    while end > at + 1 and text[end - 1] in _TRAILING:
        end -= 1
    return at, end, False


def _is_harmless(name: str, value: str) -> bool:
    if len(value) > _HARMLESS_LIMIT:
        return False
    if _HARMLESS_VALUE.fullmatch(value) or (MASK in value and "://" in value):
        return True
    if _NUMBER.fullmatch(value):
        return len(value) <= 3 or not _PASSWORD.search(name)
    same = value.rpartition(".")[2]
    return same.lower() == name.lower() and same.replace("_", "").isalpha()


def _is_prose(text: str, found: re.Match[str], value: str) -> bool:
    """A sentence about a flag or a parser's token, or another flag."""
    if found["sign"] is None:
        return value.startswith("-") or value.lower() in _PROSE
    before = text[max(0, found.start() - 16) : found.start()]
    return (
        found["name"].lower() == "token" and not _looks_random(text, found.end()) and _PARSER.search(before) is not None
    )


def _looks_random(text: str, at: int) -> bool:
    """Whether the value that begins here can be a secret: long, with both letters and digits, and no words."""
    word = _FIRST_WORD.match(text, at)
    value = word[1] if word else ""
    return len(value) >= 16 and any(c.isdigit() for c in value) and any(c.isalpha() for c in value) and "." not in value
