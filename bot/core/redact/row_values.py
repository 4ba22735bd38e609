"""Row values: removes the table data that databases and dbt quote in messages before log text is shown.

`bot.wiring.clients` decides whether row values may be shown, by the setting BOLT_BOT_SHOW_ROW_VALUES.

A failed cast, a broken constraint or a unit test prints cells of the data: an order, a name, an address. Column and
table names, types and everything before the value stay, so that the message remains useful.

Each rule is a fixed beginning directly before the value, and the text that ends the value. A rule is skipped if the
text lacks its literal `needle`. The time is linear in the length of the text: a rule continues after what it matched,
and a failed search for an end isn't repeated over the same characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LEFT_OUT = "(row values left out)"
# Start and end of a text to replace, and its replacement.
_Span = tuple[int, int, str]

# How far to search for the end of a value: a cell may contain line breaks.
WINDOW = 4_000
# Longer than any match of `until`, so that none is missed where two searches meet.
_OVERLAP = 80

_QUOTE = r"(?P<quote>\\{0,3}[\"'`])"
# A JSON string ends at an unescaped quote; a line break in it is written as two characters.
_JSON_END = re.compile(r'\\n|(?<!\\)"')
_JSON_LINE = re.compile(r'\s{0,20}[{\["]')


@dataclass(frozen=True, slots=True)
class _Rule:
    """A value follows directly after `pattern`, and ends before `until` if that comes soon enough.

    Otherwise it ends at the last closing quote or bracket of its line, or with the line. A rule that isn't `sure` has a
    beginning that other messages share, so without `until` it finds no value.
    """

    needle: str
    pattern: re.Pattern[str]
    until: re.Pattern[str] | None = None
    bracket: bool = False
    sure: bool = True


def _quoted(needle: str, before: str, after: str = "", *, inside: str = "", sure: bool = True) -> _Rule:
    """A value in quotes of any kind, between `before` and `after`. Text at its start that matches `inside` is kept."""
    until = re.compile(rf"\\{{0,3}}[\"'`]{after}") if after else None
    return _Rule(needle, re.compile(before + _QUOTE + inside), until, sure=sure)


def _bracketed(needle: str, before: str, after: str) -> _Rule:
    """Values in parentheses, which are removed together with their parentheses."""
    return _Rule(needle, re.compile(rf"{before}(?=\()"), re.compile(rf"(?<=\)){after}"), bracket=True)


def _bare(needle: str, before: str, after: str = "", *, sure: bool = True) -> _Rule:
    """A value that ends before `after`, or at the end of its line."""
    return _Rule(needle, re.compile(before), re.compile(after) if after else None, sure=sure)


_WORD_ENDS = r"[\s;,!)]|\.(?:\s|\\n|\"|$)|\\n|$"

_RULES = (
    # PostgreSQL, Redshift and related databases.
    _bracketed("row contains (", r"row contains (?:\([^()\n]{1,300}\) = )?", r"\.(?=[ \t\r]{0,10}(?:\n|\\n|\"|\Z))"),
    _bracketed(
        ")=(",
        r"[Kk]ey \([^\n]{1,200}?\)=",
        r" (?:already exists|is not present|is still referenced|is duplicated|conflicts with|is referenced)",
    ),
    _quoted(
        "invalid input ", r"invalid input (?:syntax|value) for (?:type |enum )?[\w .\"-]{1,80}?: (?=\\{0,3}[\"'`])"
    ),
    _bare("invalid input ", r"invalid input (?:syntax|value) for (?:type |enum )?[\w .-]{1,80}: (?=[^\s\\\"'`(])"),
    _quoted("field value out of range: ", r"field value out of range: "),
    _quoted("alue ", r"\bvalue ", r" is out of range for ", sure=False),
    _quoted("malformed ", r"malformed (?:array|record|range|multirange) literal: "),
    _quoted("is invalid.", r"\bToken ", r" is invalid\.", sure=False),
    _quoted("but found ", r"DETAIL:\s{1,4}Expected [^\n]{1,80}?, but found "),
    _bare("JSON data, line ", r"JSON data, line \d{1,9}: "),
    _bare("COPY ", r"\bCOPY [\w.\"]{1,200}, line \d{1,12}(?:, column [\w\"]{1,200})?: "),
    _quoted("not recognized", r"\btime zone ", r" not recognized", sure=False),
    _quoted("invalid value ", r"invalid value ", r" for ", sure=False),
    _quoted("Invalid digit, ", r"Invalid digit, Value "),
    _bare("context: ", r"code:\s{1,20}12\d\d\s{1,20}context:[ \t]{1,20}"),
    _bare("raw_", r"\braw_(?:field_value|line)\s{0,20}[:|=]\s{0,4}"),
    # DuckDB.
    _quoted(" convert string ", r"(?:[Cc]ould not|[Cc]annot) convert string ", r" to (?=['A-Zfi])"),
    _quoted("field format: ", r"field format: "),
    _quoted("Casting value ", r"Casting value ", r" to type "),
    _bare("Could not cast value ", r"Could not cast value (?=[^\\\"'`])", r" (?:from|to) "),
    _quoted("ould not cast ", r"[Cc]ould not cast (?:value|literal|string) ", r" (?:from|to) "),
    _bare("with value ", r"\bType \w{1,20} with value ", r" can(?:'|\\u0027)t be cast"),
    _quoted("uplicate key ", r"[Dd]uplicate key ", r" violates", inside=r"(?:[\w ]{1,80}: )?"),
    _quoted("because key ", r"because key ", r" (?:does not exist|is still referenced)", inside=r"(?:[\w ]{1,80}: )?"),
    _quoted("parse string ", r"(?:parse|Parse) string ", r" (?:according to|as) "),
    _bare("Overflow in ", r"Overflow in [\w ]{1,40} of [\w(), ]{1,60}? (?=\()", r"!"),
    _bare("Original Line: ", r"Original Line: "),
    _bare("Malformed JSON ", r"Malformed JSON [^\n]{1,200}?Input: "),
    # Snowflake.
    _quoted(
        " is not recognized",
        r"\b(?:[Vv]alue|Date|Time|Timestamp|Boolean|Number|Interval|Geo\w{2,6}) ",
        r" is not recognized",
        sure=False,
    ),
    _quoted("an't parse ", r"[Cc]an(?:'|\\u0027)t parse ", r" as "),
    _quoted(" is too long", r"\bString ", r" (?:is too long|cannot be inserted)", sure=False),
    _quoted("variant value ", r"cast variant value ", r" to "),
    _bare("variant value ", r"cast variant value (?=[^\\\"'`])", r" to [A-Z]"),
    _bare("Error parsing JSON: ", r"Error parsing JSON: "),
    _bare("Row Values: ", r"Row Values: "),
    _bare("representable range", r"representable range: [^\n]{1,200}?, value "),
    _quoted("exceeded by string ", r"exceeded by string "),
    _quoted("alue ", r"[Vv]alue ", r" is out of range", sure=False),
    # BigQuery.
    _bare(
        "Bad ",
        r"\bBad (?:int64|double|bool|boolean|float64|numeric|bignumeric|date|datetime|timestamp|time|bytes|string) value: ",
    ),
    _quoted(
        "nvalid ",
        r"\b[Ii]nvalid (?:date|time|timestamp|datetime|interval|boolean|number|JSON)(?: string| value| literal| format)?:? ",
    ),
    _bare("Invalid ", r"\bInvalid (?:NUMERIC|BIGNUMERIC|numeric|INT64|FLOAT64) value: "),
    _quoted("input string ", r"[Pp]arse input string "),
    _quoted("ould not parse ", r"[Cc]ould not parse ", r" as "),
    _quoted("nable to parse: ", r"[Uu]nable to parse: "),
    _bare("int64 overflow: ", r"int64 overflow: "),
    _quoted("last read: ", r"last read: "),
    # SQL Server, Synapse, Fabric.
    _quoted("converting the ", r"converting the \w{1,30} value ", r" to data type"),
    _quoted("conversion of the ", r"conversion of the \w{1,30} value ", r" overflowed"),
    _bracketed("duplicate key value is ", r"duplicate key value is ", r"\."),
    _quoted("Truncated value: ", r"Truncated value: "),
    _bare(", value = ", r"Arithmetic overflow error for data type \w{1,30}, value = ", _WORD_ENDS),
    # MySQL, MariaDB.
    _quoted("Duplicate entry ", r"Duplicate entry ", r" for key"),
    _quoted("ncorrect ", r"[Ii]ncorrect [\w()]{1,30} value: ", r" for column"),
    # Spark, Databricks, Trino, Athena, ClickHouse.
    _quoted("The value ", r"\bThe value ", r" (?:of the type|\(|cannot be|of type)", sure=False),
    _bare(" of the type ", r"\bThe value (?=[^\\'\"`\s])", r" of the type ", sure=False),
    _quoted("could not be parsed", r"\bText ", r" could not be parsed", sure=False),
    _quoted("Fail to parse ", r"Fail to parse ", r" in the new parser"),
    _quoted("For input string: ", r"For input string: "),
    _bare("record parsing: ", r"record parsing: "),
    _quoted("Cannot cast ", r"Cannot cast ", r" (?:to|as) "),
    _bare("cannot be cast to ", r"Value cannot be cast to [\w ()]{1,40}: "),
    _quoted("nvalid format: ", r"[Ii]nvalid format: "),
    _bare("overflow: ", r"(?:addition|subtraction|multiplication|division) overflow: "),
    _quoted("Cannot parse string ", r"Cannot parse string ", r" as "),
    _quoted("parsed text: ", r"parsed text: "),
    _bare("cannot be represented as ", r"OUT_OF_RANGE[\w.]{0,60}\] ", r" cannot be represented as ", sure=False),
    # Python models, and scripts beside dbt.
    _quoted("nvalid literal for ", r"[Ii]nvalid literal for [\w.<>' ]{1,60}(?:\(\))?(?: with base \d{1,2})?: "),
    _quoted("to float: ", r"could not convert string to float: "),
    _quoted("time data ", r"time data ", r" (?:does not match|doesn)"),
    _quoted("isoformat string: ", r"isoformat string: "),
)

# The statement that PostgreSQL and DuckDB repeat below a message about a value: it contains that value and others.
_ABOVE = rf"(?:{re.escape(LEFT_OUT)}|invalid input syntax for type jsonb?)"
_STATEMENT = re.compile(
    rf"({_ABOVE}[^\n]{{0,300}}(?:\n[^\n]{{0,200}}){{0,2}}?\n[^\n]{{0,60}}?\bLINE \d{{1,9}}: )[^\n]+"
)
_STATEMENT_IN_JSON = re.compile(
    rf"({_ABOVE}(?:(?!\\n)[^\n]){{0,300}}(?:\\n(?:(?!\\n)[^\n]){{0,200}}){{0,2}}?\\n[ ]{{0,20}}LINE \d{{1,9}}: )"
    r'(?:\\[^n\n]|[^\\"\n])+'
)
# Delta's message about a violated check, one column per line.
_DELTA = re.compile(
    r"(violated by row with values:)((?:(?:\n|\\n)[ \t]{0,8}- [^\n:\\]{1,200} : (?:(?!\\n)[^\n]){0,1000}){1,100})"
)
_DELTA_CELL = re.compile(r"((?:\n|\\n)[ \t]{0,8}- [^\n:\\]{1,200} : )(?:(?!\\n)[^\n]){0,1000}")

# Letters that many needles share: a text without them needn't be searched for those needles.
_SHARED = (
    "nvalid ",
    "ould not ",
    "annot ",
    "tring ",
    "verflow",
    "pars",
    "uplicate ",
    " is not recognized",
    "alue",
    "key ",
)


def _shared(rule: _Rule) -> str:
    return next((letters for letters in _SHARED if letters in rule.needle), rule.needle)


_GROUPS = tuple(
    (shared, tuple(rule for rule in _RULES if shared == _shared(rule)))
    for shared in dict.fromkeys(_shared(rule) for rule in _RULES)
)


def without_row_values(text: str) -> str:
    """Replace each row value in a text with `(row values left out)`. Idempotent.

    Color codes inside a message hide it, so strip them first.
    """
    for shared, rules in _GROUPS:
        if shared in text:
            for rule in rules:
                if rule.needle in text:
                    text = _replaced(text, _values(text, rule))
    if "LINE " in text:
        text = _STATEMENT.sub(rf"\1{LEFT_OUT}", text)
        text = _STATEMENT_IN_JSON.sub(rf"\1{LEFT_OUT}", text)
    if "violated by row with values:" in text:
        text = _DELTA.sub(lambda found: found[1] + _DELTA_CELL.sub(rf"\1{LEFT_OUT}", found[2]), text)
    begun = _BEGUN.match(text)
    if begun and any(mark in begun[0] for mark in ("→", "+++", "---")):
        text = _ROW.sub(rf"\1{LEFT_OUT}", begun[0]) + text[begun.end() :]
    if "expected" in text and "@@" in text:
        text = _replaced(text, _diff_rows(text))
    return _replaced(text, _preview_rows(text)) if "Previewing " in text else text


def _replaced(text: str, spans: Iterable[_Span]) -> str:
    """Replace each span of a text. Spans are in ascending order and don't overlap."""
    parts: list[str] = []
    at = 0
    for start, end, words in spans:
        parts += [text[at:start], words]
        at = end
    return "".join(parts) + text[at:] if parts else text


def _values(text: str, rule: _Rule) -> Iterator[_Span]:
    """Yield the values that a rule finds."""
    scan = searched = 0
    line = _Line(text)
    while found := rule.pattern.search(text, scan):
        start = scan = found.end()
        if text.startswith(LEFT_OUT, start):
            # Already replaced, by this rule or another one.
            continue
        end, searched = _end(text, start, line.end(start), found, rule, searched)
        if end > start and text[start:end].strip():
            yield start, end, LEFT_OUT
            scan = end


def _end(text: str, start: int, line_end: int, found: re.Match[str], rule: _Rule, searched: int) -> tuple[int, int]:
    """The end of the value that begins at `start`, and the position up to which `until` is known not to match."""
    closing = ")" if rule.bracket else found.groupdict().get("quote")
    if rule.until is not None:
        limit = min(len(text), start + WINDOW)
        # If the rule isn't `sure` and the value is closed on its own line, the search ends with that line.
        if not rule.sure and (not closing or text.find(closing, start, min(line_end, limit)) >= 0):
            limit = min(line_end, limit)
        until = rule.until.search(text, max(start, searched - _OVERLAP), limit)
        if until is not None:
            return until.start(), searched
        searched = max(searched, limit)
    if not rule.sure:
        return start, searched
    last = text.rfind(closing, start, line_end) if closing else -1
    return (last + rule.bracket if last >= 0 else line_end), searched


class _Line:
    """Finds the ends of lines, queried in ascending order. In JSON lines, line breaks in strings also count as ends."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = self._shown_end = -1
        self._json = False

    def end(self, at: int) -> int:
        if at > self._end:
            start = self._text.rfind("\n", max(0, self._end), at) + 1 or max(0, self._end + 1)
            end = self._text.find("\n", at)
            self._end = self._shown_end = end if end >= 0 else len(self._text)
            self._json = _JSON_LINE.match(self._text, start) is not None
            if self._json:
                self._shown_end = -1
        if at > self._shown_end:
            found = _JSON_END.search(self._text, at, self._end)
            self._shown_end = found.start() if found else self._end
        return self._shown_end


# --- diffs of unit tests, and the tables of `dbt show` ---

_ESCAPE = r"(?:\\u001b\[[0-9;]{0,20}m)?"
_DIFF = re.compile(rf"differs from {_ESCAPE}expected{_ESCAPE}:(?P<break>\s{{0,10}}\n|(?:\\n|\s){{1,10}}){_ESCAPE}@@")
# The rest of a diff, in an excerpt that begins inside it. SQL may have such lines too, but none with these marks.
_BEGUN = re.compile(r"(?:(?:→|\+\+\+|---|\.\.\.|  )[ ]{0,3},[^\n]*(?:\n|\Z)){1,5000}")
_ROW = re.compile(r"(?m)^([^,\n]{1,6},)[^\n]+")
_MARKER = re.compile(r"[^,\n]{0,60}?,")


def _diff_rows(text: str) -> Iterator[_Span]:
    """Yield the cells between the line of column names and the next empty line. A row's change marker stays."""
    at = 0
    while found := _DIFF.search(text, at):
        sign = "\n" if "\n" in found["break"] else "\\n"
        until = len(text)
        if sign == "\\n":
            quote = re.compile(r'(?<!\\)"').search(text, found.end())
            until = quote.start() if quote else until
        header = text.find(sign, found.end(), until)
        if header < 0:
            break
        at = header + len(sign)
        while at < until:
            after = text.find(sign, at, until)
            after = after if after >= 0 else until
            row = text[at:after]
            if not row.strip():
                break
            marker = _MARKER.match(row)
            yield at + (marker.end() if marker else 0), after, LEFT_OUT
            at = min(after + len(sign), until)


_PREVIEW = re.compile(r"Previewing (?:node|inline)[^\n]{0,300}\n(?P<head>[ \t]*\|[^\n]*\n[ \t]*\|[ |:-]*\n)")
_PREVIEWED = re.compile(r"[ \t]*\|[^\n]*")


def _preview_rows(text: str) -> Iterator[_Span]:
    """Yield the rows of `dbt show`. The first two lines, column names and a rule, stay."""
    at = 0
    while found := _PREVIEW.search(text, at):
        at = found.end()
        while row := _PREVIEWED.match(text, at):
            yield row.start(), row.end(), f"| {LEFT_OUT} |"
            if not text.startswith("\n", row.end()):
                break
            at = row.end() + 1
