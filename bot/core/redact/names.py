"""Masking by name: the value after PASSWORD, SECRET, TOKEN or KEY.

The value follows `=`, `:`, `=>` or, after a flag, a space. A value after a name in capitals, or after one that contains
more than KEY alone (`api_key`), is always secret. After another `…_key`, which in dbt is usually a column, a value
is secret only if it looks random.

Not masked: names of columns, counts, files or dbt nodes (`unique_key`, `token_count`, `fct_tokens`); values that are a
placeholder, a boolean, a type, a short number, a call, a column or the same name again (`a.token = b.token`); casts
(`token::text`); and a parser's `unexpected token: FROM`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from bot.core.redact.shapes import MASK

# In lower case. A text without any of them can't contain a name that marks a secret.
_WORDS = ("pass", "secret", "token", "key", "pw", "credential")
# A whole name and what separates it from the value: a sign or a space. `::` is a cast, and `://` a URL. The lookahead
# quickly skips names without any of the words, which is most of them; names that pass it are checked more closely
# afterward.
_NAME = re.compile(
    r"""(?<![\w.-])(?=[\w.-]*?[cpstkCPSTK](?i:ass|ecret|oken|ey|w|redential))
    (?P<name>(?P<dash>-)?[\w.-]++)(?:\\{0,7}["'`]|%22)?
    (?:[ \t]{0,3}(?P<sign>=>|->|:=|==?|:(?!:|//)|%3[AaDd])[ \t]{0,3}|[ \t]{1,3}(?(dash)|(?=[\\"']{0,8}[^\s"',;&)]{16})))""",
    re.VERBOSE,
)
_TELLING = re.compile(r"(?i:passw|passphrase|secret|token|key|credential|(?:^|_)pwd?$|_pass$)|^pass$")
_SURE = re.compile(
    r"(?i:passw|passphrase|secret|token|pwd|(?:^|_)pw$|_pass$|(?:api|access|private|encryption|account|signing|master|shared|fernet|license|ssh|deploy)[_-]?key)|^pass$"
)
_CAPITALS = re.compile(r"[A-Z0-9_]*KEY[A-Z0-9_]*")
_PASSWORD = re.compile(r"passw|passphrase|secret|pwd|(?:^|_)pw$|_pass$", re.IGNORECASE)
# Names of columns, counts and files rather than of secrets.
_HARMLESS_NAME = re.compile(
    r"(?:unique|primary|foreign|sort|dist|partition|cluster|clustering|surrogate|natural|business|join|merge|composite|group|cache|hash|lookup|dim|order|customer|row|public|idempotency)[_-]?keys?$"
    r"|(?:tokens?|secrets?|keys?|passwords?)[_-]?(?:count|counts|total|used|limit|name|names|id|ids|type|at|expiry|expires|length|columns?|path|file|error|url|uri|usage|arn|stdin|ttl|policy|format|size|version|endpoint|symbol|state)$"
    r"|^(?:total_|max_|num_|n_|input_|output_|prompt_|completion_)?tokens$|keyerror|keyword|keyboard|monkey|hotkey|turnkey|tokeni[sz]"
    r"|(?<![a-z])key(?:s|ed|ing)$"
    r"|(?-i:^(?:stg|dim|fct|fact|int|mart|base|src|raw|snap|not_null|unique|accepted_values|relationships)_(?!passw(?:or)?d$)\w)",
    re.IGNORECASE,
)
_HARMLESS_VALUE = re.compile(
    r"true|false|null|none|nil|yes|no|undefined|\*{3,}|\.{3}|<[^>]*>|\[[^\]]*\]|\$\{[^}]*\}|\$\(.*|(?-i:\$[A-Z_][A-Z0-9_]*|%[A-Z_]+%)|\{\{.*|\{%.*|\{\}|-+|env_var\(.*"
    # Outcomes of an operation, and types.
    r"|pass(?:ed)?|fail(?:ed)?|warn|error|ok|skip(?:ped)?|success|expired|revoked|invalid|missing|required|unset|redacted|hidden"
    r"|str|int|float|bool|bytes|string|text|varchar|(?:optional|secretstr|list|dict)\b.*"
    # Calls in SQL and Python, attributes of objects, and the source of an expression.
    r"|(?:coalesce|nullif|nvl2?|ifnull|iff|case|md5|sha\d*|hash|lower|upper|trim|cast|try_cast|concat|max|min|any_value|substr|substring|left|right|replace|split_part|regexp_\w+|decode|convert|to_\w+|parse_\w+|get_\w+|getenv|str|len|getpass)\(.*"
    r"|(?:self|cls|args|kwargs|config|conf|credentials|creds|settings|options|opts|profile|target|env|os|request|response)\.[a-z_.]+(?:[(\[].*)?"
    r"|\(\[.*|!(?:secret|vault|env|env_var|var|include|ref|sub|getatt)\b.*"
    # A variable's name.
    r"|(?-i:[A-Z][A-Z0-9]*_(?:[A-Z0-9_]*_)?(?:PASS|PASSWORD|SECRET|TOKEN|KEY|PWD)(?:_[A-Z0-9_]+)?)",
    re.IGNORECASE,
)
# A column of a table or an attribute of an object, by its own name.
_PART = re.compile(r"[A-Za-z_]\w{0,40}(?:\.[A-Za-z_]{1,60}){1,3}")
_WORD_OF_CODE = re.compile(r"[a-z]+(?:_[a-z]+)*:?")
_PLACEHOLDER = re.compile(r"<[A-Za-z][^<>\n]{0,60}>(?![^\s,;)\]}])")
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,6})?")
_PARSER = re.compile(r"(?:unexpected|unrecognized|extraneous|illegal|mismatched|invalid) $", re.IGNORECASE)
# The next word of a sentence.
_GOES_ON = re.compile(r" [a-z]", re.IGNORECASE)
_PROSE = frozenset((
    "is", "are", "was", "were", "must", "to", "or", "and", "not", "for", "needs", "has", "option", "argument", "flag",
    "required", "may", "can", "in", "of", "with", "the", "a", "an", "no", "this", "that", "your", "my", "our", "its",
))  # fmt: skip

_OPENING = frozenset("\\\"'%")
_QUOTED = re.compile(r"(?P<open>\\{0,7}\"|\\{0,7}'|%22)")
# Not a possessive group around the whole: older releases of Python 3.11 match too much with one.
_DOUBLE = re.compile(r'(?:[^"\\\n]++|\\.)+')
_SINGLE = re.compile(r"(?:[^'\\\n]++|\\.|''(?=[^\s,;)\]}]))+")
_ESCAPED = re.compile(r"[^\"'\\\n]++")
_ENCODED = re.compile(r"[^\s\"'%]++")
# A YAML block scalar: the lines with the same indentation as the first.
_BLOCK_SIGNS = frozenset("|>")
_BLOCK = re.compile(
    r"[|>][0-9+-]{0,2}[ \t\r]{0,10}\n(?P<indent>[ \t]{1,100})(?=\S)(?P<block>[^\n]*(?:\n(?P=indent)[^\n]*)*)"
)
# Up to a space, or to a separator followed by another name.
_BARE = re.compile(r"(?:[^\s;&,]++|[;&,](?![ \t]?[\"']?[\w.-]{1,40}[\"']?[=:]))+")
_TRAILING = ",;)]}>"
# Matches if a value's first word can be a secret: the word is long, has both letters and digits, and has no dot.
_WORD = r"[^\s\"',;&)•"
_RANDOM = re.compile(
    rf"\\{{0,7}}[\"']?(?={_WORD}]{{16}})(?={_WORD}\d]{{0,63}}+\d)(?={_WORD}A-Za-z]{{0,63}}+[A-Za-z])(?!{_WORD}.]{{0,63}}+\.)"
)
# The same, for a value without a `=` or `:` before it. Such a value must also mix cases, unlike names of models and
# resources.
_DRAWN = re.compile(rf"{_RANDOM.pattern}(?={_WORD}A-Z]{{0,63}}+[A-Z])(?={_WORD}a-z]{{0,63}}+[a-z])")
# Longer values are never harmless. The limit also bounds how much is read again after a value that wasn't masked.
_HARMLESS_LIMIT = 200
# Only the end of a longer name is read: it says what the name is about.
NAME_READ = 200

# Lists of variables are written like this: {"name": "DB_PASSWORD", "value": "…"}
_VALUES = tuple(f"value{sign}" for sign in ('"', "'", ":", "=", "\\"))
_PAIR = re.compile(
    r"""(?<![\w-])(?:name|key)\\{0,3}["']?[ \t]{0,3}[:=][ \t]{0,3}\\{0,3}["']?(?P<name>[\w.-]{1,100}+)
    \\{0,3}["']?(?:,\s{0,40}|\s{1,40})\\{0,3}["']?value\\{0,3}["']?[ \t]{0,3}[:=][ \t]{0,3}""",
    re.VERBOSE | re.IGNORECASE,
)


def mask_named(text: str) -> str:
    """Mask values whose name marks them as secret."""
    lower = text.lower()
    if not any(word in lower for word in _WORDS):
        return text
    return _mask_values(_mask_pairs(text) if any(word in lower for word in _VALUES) else text)


def _mask_values(text: str) -> str:
    """Mask the value of each name that marks a secret. A value that isn't secret is itself searched for names."""
    parts: list[str] = []
    at = scan = 0
    while found := _NAME.search(text, scan):
        scan = found.end()
        value = _value(text, found)
        if value is None:
            # The rejected value may begin with a name itself, so only the text up to the separator counts as read.
            continue
        start, end = value
        parts += [text[at:start], MASK]
        at = scan = end
    return "".join(parts) + text[at:] if parts else text


def _mask_pairs(text: str) -> str:
    parts: list[str] = []
    at = 0
    for found in _PAIR.finditer(text):
        if _kind(found["name"]) not in {"sure", "capitals"}:
            continue
        start, end, _ = _extent(text, found.end())
        if start >= at and text[start:end] not in {"", MASK} and not _is_harmless(found["name"], text[start:end]):
            parts += [text[at:start], MASK]
            at = end
    return "".join(parts) + text[at:] if parts else text


def _value(text: str, found: re.Match[str]) -> tuple[int, int] | None:
    """The start and end of the secret after a name, or None if there is no secret."""
    name = found["name"].rpartition(".")[2][-NAME_READ:]
    sign, kind = found["sign"], _kind(name)
    if kind == "none":
        return None
    sure = kind == "sure" or (kind == "capitals" and not _compares(text, found))
    at = found.end()
    if sign is None and not (sure and _follows(text, at, dash=found["dash"] is not None)):
        return None
    if not sure and not _RANDOM.match(text, at):
        return None
    if (_is_link(text, found) and not _DRAWN.match(text, at)) or _is_of_parser(text, found):
        return None
    start, end, quoted = _extent(text, at)
    value = text[start:end]
    if not value or value == MASK or _is_harmless(name, value):
        return None
    if not quoted and value.lower() in _PROSE and (sign is None or _GOES_ON.match(text, end)):
        return None
    if sign == "==" and _WORD_OF_CODE.fullmatch(value):
        return None
    return start, end


@lru_cache(maxsize=1024)
def _kind(name: str) -> Literal["none", "sure", "capitals", "maybe"]:
    """Classify a name by what it says about its value. Cached, because a log repeats the same few names."""
    if not _TELLING.search(name) or _HARMLESS_NAME.search(name):
        return "none"
    if _SURE.search(name):
        return "sure"
    return "capitals" if _CAPITALS.fullmatch(name) else "maybe"


def _compares(text: str, found: re.Match[str]) -> bool:
    """Whether it's a comparison in SQL (`PRODUCT_KEY = 'SKU-1'`), and not an environment variable."""
    return found["sign"] == "=" and text[found.start("sign") - 1] in " \t"


def _is_link(text: str, found: re.Match[str]) -> bool:
    """Whether the name is one in a chain of words joined by colons, as in a resource name."""
    return found["sign"] == ":" and text[found.start() - 1 : found.start()] == ":" and text[found.end() - 1] == ":"


def _extent(text: str, at: int) -> tuple[int, int, bool]:
    """The start and end of a value without its quotes, and whether it's quoted."""
    first = text[at : at + 1]
    if first in _OPENING and (opening := _QUOTED.match(text, at)):
        inside = _inside(opening[0]).match(text, opening.end())
        return opening.end(), inside.end() if inside else opening.end(), True
    if first in _BLOCK_SIGNS and (block := _BLOCK.match(text, at)):
        return block.start("block"), block.end("block"), True
    if first == "<" and (placeholder := _PLACEHOLDER.match(text, at)):
        return at, placeholder.end(), False
    bare = _BARE.match(text, at)
    end = bare.end() if bare else at
    if end - at <= _HARMLESS_LIMIT and _HARMLESS_VALUE.fullmatch(text, at, end):
        return at, end, False
    while end > at + 1 and text[end - 1] in _TRAILING:
        end -= 1
    return at, end, False


def _inside(opening: str) -> re.Pattern[str]:
    if opening == "%22":
        return _ENCODED
    return _ESCAPED if len(opening) > 1 else _DOUBLE if opening == '"' else _SINGLE


def _is_harmless(name: str, value: str) -> bool:
    if len(value) > _HARMLESS_LIMIT:
        return False
    if _HARMLESS_VALUE.fullmatch(value) or (MASK in value and "://" in value):
        return True
    if _NUMBER.fullmatch(value):
        return len(value) <= 3 or not _PASSWORD.search(name)
    same = value.rpartition(".")[2]
    if _PART.fullmatch(value) and _TELLING.search(same):
        return True
    return same.lower() == name.lower().lstrip("-").replace("-", "_") and same.replace("_", "").isalpha()


def _follows(text: str, at: int, *, dash: bool) -> bool:
    """Whether a value can follow after only a space: an argument of a flag that isn't itself a flag, or random text."""
    return text[at : at + 1] != "-" if dash else _DRAWN.match(text, at) is not None


def _is_of_parser(text: str, found: re.Match[str]) -> bool:
    """Whether a match comes from a parser's message about an unexpected token."""
    if found["name"].lower() != "token":
        return False
    before = text[max(0, found.start() - 16) : found.start()]
    return _PARSER.search(before) is not None and not _RANDOM.match(text, found.end())
