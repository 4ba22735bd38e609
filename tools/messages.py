"""Generate docs/messages.md: every sentence that people can see, read from the code.

    python tools/messages.py          write the page
    python tools/messages.py --check  exit with 1 if the page isn't current

A sentence is a string, an f-string or a tuple of spans with several words in a row. Filled-in values are shown as
‹name›, alternatives as (one|other), a line break as ⏎. Patterns, queries and scripts are left out.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "messages.md"

HEAD = """# Messages

Every sentence that people and operators can see, on one page for a single read-through. Generated
from the code by `make messages`; a test fails if it is out of date. A placeholder is shown as
‹name›, alternatives as (one|other), and a line break as ⏎.
"""

# The first match decides. A place is a heading, with the modules whose sentences are listed below it.
PLACES = (
    (
        "Cards",
        r"core/views/(card|run_from_buttons|allowed_buttons|already_running)|core/model/(state_labels|run)\.|flows/.*card",
    ),
    ("A file of hints", r"logs/hints/file|hints_file"),
    (
        "Threads",
        r"core/views/(thread|end_batch|live_log|log_|artifact)|core/logs|core/runs|flows/(post_thread|post_file|read_requested_file|tail_log|conclude|dbt_results|post_end_batch)",
    ),
    ("Home", r"home|active_runs"),
    ("Forms", r"(run|watch)_form|blocks/f(orm|ields)|shortcuts|schedules/typeahead"),
    ("Approvals", r"approv"),
    (
        "Refusals by the policy",
        r"core/policy/(rules|matching|decision|refusal|whoami)|flows/authorize|slack/(authorization|people|admission)",
    ),
    ("The policy's file and its explanation", r"core/policy|policy_explain|text/yaml_file"),
    (
        "Faults",
        r"core/model/(errors|network)|(slack|store|paradime)/.*(error|response|transport|client|download|body)|redis_errors|slack/external_guard",
    ),
    (
        "Commands: what can't be read",
        r"core/commands/(grammar|tokens|mention)|core/model/(command|audit|request)|slack/events",
    ),
    ("Commands: help", r"core/commands"),
    (
        "Commands: answers",
        r"core/views|core/schedules|core/text|flows|slack/(commands|actions|listener|tasks|affiliation)",
    ),
    ("The command line", r"bot/cli/|find_sandbox|__main__|manifest"),
    ("Settings", r"setting|redis_url|policy_file|env_file|environment|/proxies|^tls|core/redact/operator_patterns"),
    ("Start-up, readiness and metrics", r""),
)
SKIPPED = re.compile(
    r"core/commands/talk|charts/svg|core/logs/(read_dbt_|wrapping|clean)|paradime/graphql_documents|core/redact/(?!operator_patterns)|paradime/graphql_models|store/scripts|payload_shapes"
)
# Patterns, scripts and configuration that look like sentences.
UNPROSE = re.compile(
    r"^\^|\\[wdsb]|\(\?|^[A-Z]+ [A-Z]+$|\{ ?\w+$|import ctypes|unixsocket|enabled: |- command: |DejaVu|lower center|^\{\"event"
)
LABELS = {"label", "spoken", "title", "yes", "no"}
LABELLED = {"Button": 1, "Heading": 0, "command_button": 0, "PlainTextObject": 0, "PartButton": 0}
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
SPANS = {"Bold", "Code", "Mention", "Group", "Channel", "Link", "When", "Emoji"}
UNWRAPPED = {
    "cut",
    "cut_middle",
    "str",
    "duration",
    "size",
    "showable",
    "len",
    "sorted",
    "mask",
    "repr",
    "tuple",
    "list",
}
# Calls whose strings aren't shown to people.
UNREAD = {
    "compile",
    "search",
    "match",
    "fullmatch",
    "sub",
    "startswith",
    "endswith",
    "removeprefix",
    "removesuffix",
    "split",
    "partition",
    "rpartition",
    "key",
    "execute_command",
    "getattr",
    "NewType",
    "TypeVar",
    "cast",
    "encode",
    "strptime",
    "ConfigDict",
    "Literal",
    "RuntimeError",
    "NotImplementedError",
    "AssertionError",
    "TypeError",
    "strip",
    "count",
    "find",
}


def _prose(text: str) -> bool:
    """Whether the text has several words in a row."""
    text = re.sub("‹[^›]*›", "‹x›", text)
    return (
        not UNPROSE.search(text) and re.search(r"[A-Za-z’'›)][.,:;]? [(‹]?[A-Za-z]|[a-z] ‹|› [a-z]", text) is not None
    )


class _Reader:
    """Collects the sentences and log events of one module."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.events: list[tuple[str, str]] = []

    def read(self, node: ast.AST) -> None:
        """Collect the sentences in a node, in source order."""
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return  # a docstring
        if isinstance(node, (ast.AnnAssign, ast.arg)):
            self._all([node.value] if isinstance(node, ast.AnnAssign) and node.value else [])
            return
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self._all([*node.args.defaults, *(one for one in node.args.kw_defaults if one), *node.body])
            return
        if isinstance(node, ast.Assign) and _is_table(node.value):
            return
        if isinstance(node, ast.Compare | ast.MatchValue | ast.Subscript | ast.Import | ast.ImportFrom):
            self._all(one for one in ast.walk(node) if isinstance(one, ast.Call) and one is not node)
            return
        if isinstance(node, ast.Call):
            self._call(node)
            return
        if _is_sentence(node):
            text = _rendered(node)
            if _prose(text):
                self._keep(text)
                self._all(_hidden(node))
                return
        self._all(ast.iter_child_nodes(node))

    def _all(self, nodes: Iterator[ast.AST] | list[ast.expr] | list[ast.AST]) -> None:
        for node in nodes:
            self.read(node)

    def _keep(self, text: str) -> None:
        text = re.sub(r"\s*\n\s*", " ⏎ ", text).strip()
        if text not in self.sentences:
            self.sentences.append(text)

    def _call(self, node: ast.Call) -> None:
        name = _name(node.func)
        if name in UNREAD:
            return
        if isinstance(node.func, ast.Attribute) and _name(node.func.value) in {"log", "logger"} and name in LEVELS:
            fields = ", ".join(one.arg for one in node.keywords if one.arg and one.arg != "exc_info")
            self.events += [(name, f"{_rendered(node.args[0])}{f' · {fields}' if fields else ''}")]
            return
        if name == "Seldom":
            self.events.append(("warning", _rendered(node.args[0])))
            return
        at = LABELLED.get(name)
        labels = [node.args[at]] if at is not None and len(node.args) > at else []
        labels += [one.value for one in node.keywords if one.arg in LABELS]
        if name == "Confirm":
            labels += node.args
        for label in labels:
            for one in _alternatives(label):
                if _is_sentence(one) and re.search("[A-Za-z]", _rendered(one)):
                    self._keep(_rendered(one))
        rest = [*node.args, *(each.value for each in node.keywords if each.arg not in {"name", "what"})]
        rest = [one for one in rest if one not in labels]
        self.read(node.func) if isinstance(node.func, ast.Attribute) else None
        self._all([*rest, *(label for label in labels if not _is_sentence(label))])


def _is_table(node: ast.expr) -> bool:
    """Whether a node is a table of words to search for: two or more strings and nothing else."""
    if isinstance(node, ast.Call) and _name(node.func) == "frozenset" and node.args:
        return _is_table(node.args[0])
    return (
        isinstance(node, ast.Tuple | ast.Set)
        and len(node.elts) > 1
        and all(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in node.elts)
    )


def _alternatives(node: ast.expr) -> list[ast.expr]:
    return [*_alternatives(node.body), *_alternatives(node.orelse)] if isinstance(node, ast.IfExp) else [node]


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_sentence(node: ast.AST) -> bool:
    """Whether a node is one sentence: a string, or a tuple of spans that isn't a list of separate strings."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    if isinstance(node, ast.JoinedStr):
        return True
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add) and (_is_sentence(node.left) or _is_sentence(node.right))
    if isinstance(node, ast.Tuple | ast.List):
        parts = [one for one in node.elts if _is_words(one)]
        return (
            bool(parts)
            and not all(isinstance(one, ast.Constant) for one in node.elts[:-1] or [None])
            and not (len(node.elts) > 1 and all(isinstance(one, ast.Constant | ast.JoinedStr) for one in node.elts))
            and all(_is_span(one) for one in node.elts)
        )
    return False


def _is_words(node: ast.AST) -> bool:
    if isinstance(node, ast.IfExp):
        return _is_words(node.body) or _is_words(node.orelse)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _is_span(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=value):
            return isinstance(value, str)
        case ast.JoinedStr() | ast.Starred() | ast.Name() | ast.Attribute():
            return True
        case ast.IfExp(body=body, orelse=orelse):
            return _is_span(body) and _is_span(orelse)
        case ast.Tuple() | ast.List():
            return _is_sentence(node)
        case ast.Call():
            return _name(node.func) in SPANS | UNWRAPPED | {"plural"} or _name(node.func).islower()
    return False


def _rendered(node: ast.AST) -> str:
    """Render a sentence as people read it, with the names of filled-in values."""
    match node:
        case ast.Constant(value=value):
            return str(value)
        case ast.JoinedStr(values=values):
            return "".join(_rendered(one) for one in values)
        case ast.FormattedValue(value=value):
            return _rendered(value) if isinstance(value, ast.IfExp | ast.Call | ast.JoinedStr) else _filled(value)
        case ast.BinOp(left=left, right=right):
            return _rendered(left) + _rendered(right)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return "".join(_rendered(one) for one in parts)
        case ast.IfExp(body=body, orelse=orelse):
            one, other = _rendered(body), _rendered(orelse)
            return f"({one}|{other})" if one and other else f"[{one or other}]"
        case ast.Starred(value=value):
            return (
                _rendered(value) if isinstance(value, ast.IfExp | ast.Tuple | ast.List | ast.Call) else _filled(value)
            )
        case ast.Call():
            return _rendered_call(node)
        case _:
            return _filled(node)


def _rendered_call(node: ast.Call) -> str:
    name, arguments = _name(node.func), node.args
    if name == "plural":
        forms = [_rendered(one) for one in arguments[1:]]
        return f"{_filled(arguments[0])} {'/'.join(forms)}{'(s)' if len(forms) == 1 else ''}"
    if name in {"Bold", "Code"} and arguments:
        mark = "*" if name == "Bold" else "`"
        return f"{mark}{_rendered(arguments[0])}{mark}"
    if name == "Link" and len(arguments) > 1:
        return f"[{_rendered(arguments[1])}]"
    if name == "Emoji" and arguments:
        return f":{_rendered(arguments[0])}:" if isinstance(arguments[0], ast.Constant) else ":‹emoji›:"
    if name == "When":
        return "‹time›"
    if name == "Mention":
        return "‹@user›"
    if name == "join" and arguments and isinstance(node.func, ast.Attribute):
        return f"‹{_words(arguments[0])}{_rendered(node.func.value)}…›"
    if name in UNWRAPPED and arguments:
        return _rendered(arguments[0])
    return _filled(node)


def _filled(node: ast.AST) -> str:
    return f"‹{_words(node)}›"


def _words(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_").replace("_", " ").lower()
        case ast.Call(func=ast.Attribute(value=value, attr=("strip" | "lower" | "upper" | "capitalize" | "format"))):
            return _words(value)
        case ast.Call(func=func, args=arguments):
            return _words(arguments[0]) if _name(func) in UNWRAPPED and arguments else _words(func)
        case ast.Subscript(value=value):
            return _words(value)
        case ast.BoolOp(values=values):
            return _words(values[0])
        case ast.BinOp(left=left):
            return _words(left)
        case ast.GeneratorExp(elt=part) | ast.ListComp(elt=part):
            return _words(part)
    return "…"


def _hidden(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts that a rendered sentence doesn't show: the arguments of its calls."""
    for one in ast.walk(node):
        if isinstance(one, ast.Call) and _name(one.func) not in SPANS | UNWRAPPED | {"plural"}:
            yield from one.args
            yield from (each.value for each in one.keywords)


def _manifest() -> list[str]:
    """Return the sentences of the Slack app's manifest."""
    found: list[str] = []

    def read(value: object, name: str = "") -> None:
        if isinstance(value, dict):
            for key, one in value.items():
                read(one, key)
        elif isinstance(value, list):
            for one in value:
                read(one, name)
        elif isinstance(value, str) and (_prose(value) or name in {"name", "usage_hint"}) and value not in found:
            found.append(value)

    read(yaml.safe_load((ROOT / "manifest.yml").read_text()))
    return found


def page() -> str:
    """Generate the page from the current code."""
    places: dict[str, list[tuple[str, list[str]]]] = {name: [] for name, _ in PLACES}
    events: list[tuple[str, list[str]]] = []
    for file in sorted((ROOT / "bot").rglob("*.py")):
        name = file.relative_to(ROOT / "bot").as_posix()
        if SKIPPED.search(name):
            continue
        reader = _Reader()
        reader.read(ast.parse(file.read_text()))
        if reader.sentences:
            place = next(heading for heading, pattern in PLACES if re.search(pattern, name))
            places[place].append((name, reader.sentences))
        if reader.events:
            events.append((name, list(dict.fromkeys(f"{level}: {text}" for level, text in reader.events))))
    places["The Slack app's manifest"] = [("../manifest.yml", _manifest())]
    places["Log events"] = events
    parts = [HEAD]
    for heading, files in places.items():
        if files:
            parts.append(f"\n## {heading}\n")
        for name, lines in files:
            parts.append(f"\n`{'bot/' + name if not name.startswith('..') else name[3:]}`\n\n```text\n")
            parts += [f"{line}\n" for line in lines]
            parts.append("```\n")
    return "".join(parts)


def main() -> int:
    """Write the page, or check it."""
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page())
        return 0
    if PAGE.is_file() and PAGE.read_text() == page():
        return 0
    sys.stderr.write("docs/messages.md isn't what the code says: run `make messages` and read the difference.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
