"""Read a command's output from files, for `bolt-bot read-log` and `bolt-bot hints try`."""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from pathlib import Path

from bot.core.logs.excerpt import EXCERPT_LIMIT
from bot.core.logs.hints.causes import hint_for
from bot.core.logs.hints.hint import Hint, Table
from bot.core.logs.hints.normalize import normalized
from bot.core.logs.log_text import keep, mask_in_pieces
from bot.core.logs.read_log import NODES_MOST, Reading, one_line, read_log, reading
from bot.core.logs.run_results import Results, read_results
from bot.core.model.cause import Cause
from bot.core.redact.masker import Masker
from bot.core.redact.row_values import without_row_values

MASK = Masker().mask


class UnreadableError(Exception):
    """A file can't be read, or has the wrong format. The message is a sentence to show."""


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a command: its streams, and its run_results.json or sources.json."""

    stdout: Path
    stderr: Path | None = None
    results: Path | None = None


def read_files(
    files: Files,
    *,
    command: str = "",
    exit_code: int | None = None,
    row_values: bool = False,
    hints: Table | None = None,
) -> Reading:
    """Read these files as the bot would, masked, and without row values unless requested. Raises UnreadableError.

    `hints` are the applicable ones, by default the built-in ones.
    """
    hide = _as_it_is if row_values else without_row_values
    streams = [_text(path) if path else "" for path in (files.stdout, files.stderr)]
    stdout, stderr = (mask_in_pieces(hide(keep(text)), MASK) for text in streams)
    said = read_log(stdout, stderr, EXCERPT_LIMIT)
    results = _results(files.results) if files.results else None

    def shown(text: str) -> str:
        return MASK(hide(text))

    return reading(said, results, limit=EXCERPT_LIMIT, exit_code=exit_code, command=command, mask=shown, hints=hints)


def _as_it_is(text: str) -> str:
    return text


def as_json(found: Reading) -> str:
    """Format as one JSON object: summary, failed, excerpt, nodes, hint."""
    nodes = [
        {"status": one.status, "name": one.name, "kind": one.kind, "message": one_line(one.message)}
        for one in found.failures[:NODES_MOST]
    ]
    document = {
        "summary": found.summary,
        "failed": found.failed,
        "excerpt": found.excerpt,
        "nodes": nodes,
        "hint": _hint(found),
    }
    return json.dumps(document, indent=2)


def _hint(found: Reading) -> dict[str, str] | None:
    """Return the hint for the most frequent cause, or None if no hint matches."""
    hint = next((cause for cause in found.causes if cause.id), None)
    if hint is None:
        return None
    runbook = {"runbook": hint.runbook} if hint.runbook else {}
    return {"id": hint.id, "text": hint.text, "next": hint.next, "retry": hint.retry, **runbook}


def as_text(found: Reading) -> str:
    """Format for people: the summary, the relevant lines, and the failed nodes."""
    parts = [found.summary or "Nothing failed, as far as this output shows."]
    parts += [_sentences(cause) for cause in found.causes if cause.id]
    if found.excerpt:
        parts.append("\n".join(f"    {line}".rstrip() for line in found.excerpt.split("\n")))
    nodes = [f"{one.status}  {one.kind} {one.name}  {one_line(one.message)}".rstrip() for one in found.failures]
    if len(nodes) > NODES_MOST:
        nodes = [*nodes[:NODES_MOST], f"… and {len(nodes) - NODES_MOST} more"]
    if nodes:
        parts.append("\n".join(nodes))
    return "\n\n".join(parts)


def _sentences(hint: Cause | Hint) -> str:
    return " ".join(part for part in (hint.text, hint.next, hint.runbook) if part)


def as_hints(found: Reading, hints: Table, exit_code: int | None = None) -> str:
    """Format for authors of hints: each failure's hint, and the text that patterns are matched against."""
    parts = []
    for name, message in found.messages:
        lines = [f"{one_line(name)}: {_named(hint_for(message, hints))}"]
        text = normalized(message)
        lines += ["  Patterns are matched against:", *(f"    {line}" for line in text.split("\n"))] if text else []
        parts.append("\n".join(lines))
    if not any(normalized(message) for _, message in found.messages):
        by_exit = hints.by_exit_code(exit_code)
        parts.append(
            f"Exit status {exit_code}: {_named(by_exit)}" if by_exit else "There's no error message in this log."
        )
    return "\n\n".join(parts)


def _named(hint: Hint | None) -> str:
    if hint is None:
        return "no hint"
    return f"{hint.id}\n  {_sentences(hint)}\n  A retry helps: {hint.retry}."


def _results(path: Path) -> Results:
    found = read_results(_bytes(path))
    if found is None:
        raise UnreadableError(f"{path} isn't a run_results.json or sources.json from dbt")
    return found


def _text(path: Path) -> str:
    data = _bytes(path)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    return data.decode(errors="replace")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnreadableError(f"{path} can't be read: {why}") from error
