"""Generate docs/hints.md: every hint in the table, by kind.

`make hints`; with --check, check that the page is current.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bot.core.logs.hints.hint import Hint
from bot.core.logs.hints.table import HINTS

PAGE = Path(__file__).parents[1] / "docs" / "hints.md"
HEAD = r"""# Hints

<!-- Made from bot/core/logs/hints/table.py by `make hints`: change the table, not this page. -->

If a command of a run fails, the bot looks up its error message in this table and says what the
message means, what to do next, and whether a retry can help. The bot never guesses: if no row
matches, it shows no hint. Before it compares a message with the rows, it removes colors, times of
day, dbt's headings, positions in the SQL, and the details that databases add. The first row that
matches wins.

To add a hint to this table, see [CONTRIBUTING.md](../CONTRIBUTING.md#adding-a-hint). To add a hint
for your team only, you don't have to change the bot: put it in a file of your own, as follows.

## Your own hints

`BOLT_BOT_HINTS_FILE` names a YAML file with your team's hints. They come before the ones below, and
the first one that matches wins:

```yaml
version: 1
hints:
  - id: vpn_down
    pattern: '^could not connect to server: .{1,80}warehouse\.internal'
    text: The VPN to the warehouse is down.
    next: Ask for it to be restarted in the infrastructure channel.
    retry: yes
    runbook: https://wiki.example.com/vpn
  - id: late_orders
    pattern: '^Got \d+ results?, configured to fail if '
    text: The shop delivered its orders late.
    schedule: orders-*
```

| key | value |
| --- | --- |
| `id` | a name that no other hint in the file has: lowercase letters and digits, joined by `_` or `-`. A hint below may have the same id |
| `pattern` | a regular expression of at most 500 characters, matched against the message text described above; `^` matches its start. Put it in single quotes. `(?i)` at its beginning ignores case |
| `text` | what the message means, in a sentence of at most 200 characters |
| `next` | optional: what to do next, in a sentence of at most 200 characters |
| `retry` | optional: whether a retry helps: `yes`, `no` or `maybe` (the default) |
| `runbook` | optional: a link that's shown after the hint. It has to begin with `https://` |
| `schedule` | optional: the hint applies only to schedules with this name or slug, in which `*` and `?` are wildcards. Case, accents and dashes don't matter. If the bot doesn't know a run's schedule, the hint doesn't apply |

A file can have at most 200 hints. In `text` and `next`, secrets are masked and formatting has no
effect. Patterns run in [RE2](https://github.com/google/re2/wiki/Syntax), so whatever the pattern,
the time it takes is linear in the length of the message; look-around and backreferences aren't
available. The image includes RE2. Elsewhere, `pip install 'bolt-bot[hints]'` adds it.

The file is read at startup, and again when it [has
changed](operate.md#changing-the-policy-and-other-files). If it has mistakes at startup, the bot
prints a line for each and exits with status 2. You can check and try a file without Slack, Bolt or
Redis:

```
bolt-bot hints check hints.yaml
bolt-bot hints try log.txt --hints hints.yaml --schedule orders-eu
```

`hints try` shows which hint each failure in a log gets, and the text that patterns
are matched against. It does so without a hints file too, which helps when you write a pattern.
"""


def page() -> str:
    """Return the whole page."""
    kinds: dict[str, list[Hint]] = {}
    for hint in HINTS:
        kinds.setdefault(hint.kind, []).append(hint)
    parts = [HEAD, *(_section(kind, hints) for kind, hints in sorted(kinds.items(), key=lambda one: one[0].lower()))]
    return "\n".join(parts)


def _section(kind: str, hints: list[Hint]) -> str:
    lines = [
        f"## {kind[0].upper()}{kind[1:]}",
        "",
        "| id | applies to | what it means | what to do | retry helps |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [f"| `{hint.id}` | {hint.engines} | {hint.text} | {hint.next} | {hint.retry} |" for hint in hints]
    return "\n".join([*lines, ""])


def main() -> int:
    """Write the page, or check it."""
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") == page():
        return 0
    print("docs/hints.md isn't what the table makes: run `make hints`.", file=sys.stderr)  # noqa: T201 - the command's output
    return 1


if __name__ == "__main__":
    sys.exit(main())
