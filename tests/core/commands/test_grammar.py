"""The grammar of the slash command, as people really type it.

The modules `given` and `verbs` are tested here too.
"""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.commands.grammar import parse
from bot.core.model.command import (
    ArtifactsCommand,
    AuditCommand,
    CancelCommand,
    Command,
    HelpCommand,
    HistoryCommand,
    LatestRunCommand,
    ListCommand,
    LogsCommand,
    PauseCommand,
    RetryCommand,
    RetryFailingCommand,
    RunCommand,
    RunForm,
    RunsCommand,
    SeveralCommand,
    ShowCommand,
    StatusCommand,
    canonical,
)
from bot.core.model.errors import BadCommand

FULL = RunCommand("Nightly full build", "dev", 12, ("dbt run -s a", "dbt test"), "month end")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("run nightly", RunCommand("nightly")),
        ("RUN nightly", RunCommand("nightly")),
        ("  run \u00a0 nightly\t", RunCommand("nightly")),
        ("run nightly full build --pr 3", RunCommand("nightly full build", None, 3)),
        ('run "Nightly full build"', RunCommand("Nightly full build")),
        ("run 'Nightly full build'", RunCommand("Nightly full build")),
        ("run «Nightly full build»", RunCommand("Nightly full build")),
        ("run don't --reason it’s-late", RunCommand("don't", reason="it’s-late")),
        ("run nightly --branch=dev", RunCommand("nightly", "dev")),
        ('run nightly --command="dbt run --select a"', RunCommand("nightly", commands=("dbt run --select a",))),
        ('run nightly --command "--version"', RunCommand("nightly", commands=("--version",))),
        (r'run nightly --reason "the \"big\" one"', RunCommand("nightly", reason='the "big" one')),
        ("run nightly -b dev --PR #7", RunCommand("nightly", "dev", 7)),
        ("run a &amp; b &lt;c&gt;", RunCommand("a & b <c>")),
        ("run nightly --reason <@U123|ada>", RunCommand("nightly", reason="@ada")),
        ("run nightly --reason <https://x.test/a|x.test/a>", RunCommand("nightly", reason="x.test/a")),
        ("cancel 4711", CancelCommand(4711)),
        ("Cancel #4711", CancelCommand(4711)),
        ("cancel run 4711", CancelCommand(4711)),
        ("status <https://app.paradime.io/bolt/run_id/4711>", StatusCommand(4711)),
        ("status <https://app.paradime.io/bolt/run_id/4711?tab=logs|my run>", StatusCommand(4711)),
        ("cancel 0000000000019", CancelCommand(19)),
        ("4711", StatusCommand(4711)),
        ("#4711", StatusCommand(4711)),
        ("<https://app.paradime.io/bolt/run_id/4711>", StatusCommand(4711)),
        ("run 4711", RunCommand("4711")),
        ("run x --pr 0000000000019", RunCommand("x", None, 19)),
        ("run --branch dev nightly full", RunCommand("nightly full", "dev")),
        ("run --reason late “Nightly full”", RunCommand("Nightly full", reason="late")),
        ("run nightly — full build", RunCommand("nightly — full build")),
        ("run x --reason 'it's late'", RunCommand("x", reason="it's late")),
        ("run x --reason 'the “big” one'", RunCommand("x", reason="the “big” one")),
        ("run x --reason 5&lt;6", RunCommand("x", reason="5<6")),
        ("run x --reason &amp;lt;", RunCommand("x", reason="&lt;")),
        ("run x --reason <#C1|>", RunCommand("x", reason="#C1")),
        (
            "run x --command 'dbt run --select <http://model.py|model.py>'",
            RunCommand("x", commands=("dbt run --select model.py",)),
        ),
        ("audit --user <@U0ADA|ada>", AuditCommand("U0ADA")),
        ("audit --user <@W0ADA|Ada Lovelace> --since 2d", AuditCommand("W0ADA", since="2d")),
        ("audit --user=<@U0ADA>", AuditCommand("U0ADA")),
        ("audit --user @ada", AuditCommand("ada")),
        ("run x --reason <mailto:a@b.c|a@b.c>", RunCommand("x", reason="a@b.c")),
        ("run x\u202e --b\u200branch dev", RunCommand("x", "dev")),
        ("run x\n", RunCommand("x")),
        ("run x --command “dbt run —select a –s b”", RunCommand("x", commands=("dbt run --select a -s b",))),
        ("run x --command 'dbt run --vars “{a: 1}”'", RunCommand("x", commands=('dbt run --vars "{a: 1}"',))),
        ("run x --command “dbt run --vars ‘{a: 1}’”", RunCommand("x", commands=("dbt run --vars '{a: 1}'",))),
        ("run x --command 'echo  a  — 5 −3'", RunCommand("x", commands=("echo  a  — 5 −3",))),
        ("", RunForm()),
        ("run", RunForm()),
        ("run x —continue-on-error", RunCommand("x", continue_on_error=True)),
        ("`run nightly`", RunCommand("nightly")),
        ("```run nightly --pr 3```", RunCommand("nightly", None, 3)),
        ("```\nrun nightly\n```", RunCommand("nightly")),
        ("*run nightly*", RunCommand("nightly")),
        ("_`run nightly`_", RunCommand("nightly")),
        ("`run` nightly", RunCommand("nightly")),
        ("run `Nightly full build`", RunCommand("Nightly full build")),
        ("run x --command `dbt run -s a`", RunCommand("x", commands=("dbt run -s a",))),
        ("run x --command=```dbt run -s a```", RunCommand("x", commands=("dbt run -s a",))),
        (
            r"""run x --command `dbt run --vars "{\"a\": 1}"`""",
            RunCommand("x", commands=(r"""dbt run --vars "{\"a\": 1}" """.strip(),)),
        ),
        ("run x --reason `*not* bold`", RunCommand("x", reason="*not* bold")),
        ("`4711`", StatusCommand(4711)),
        ("status `4711`", StatusCommand(4711)),
        ("cancel `4711`", CancelCommand(4711)),
        ("run --continue-on-error nightly full", RunCommand("nightly full", continue_on_error=True)),
        ("status", StatusCommand()),
        ("status Nightly full build", StatusCommand(schedule_text="Nightly full build")),
        ("status '4711'", StatusCommand(schedule_text="4711")),
        ("list", ListCommand()),
        ("list finance —failing --suspended", ListCommand("finance", suspended=True, failing=True)),
        ("list --inactive", ListCommand(inactive=True)),
        ("show nightly", ShowCommand("nightly")),
        ("runs “Nightly full build”", RunsCommand("Nightly full build")),
        ("logs 4711", LogsCommand(4711)),
        ("logs run 4711 3 —follow", LogsCommand(4711, 3, follow=True)),
        ("logs 4711 -f", LogsCommand(4711, follow=True)),
        ("logs <https://app.paradime.io/bolt/run_id/4711> 2", LogsCommand(4711, 2)),
        ("artifacts #4711", ArtifactsCommand(4711)),
        ("logs nightly", LatestRunCommand("logs", "nightly")),
        ("logs Nightly full build -f", LatestRunCommand("logs", "Nightly full build", follow=True)),
        ("logs “nightly” 3", LatestRunCommand("logs", "nightly", 3)),
        ("logs nightly 3", LatestRunCommand("logs", "nightly 3")),
        ("logs last 3", LatestRunCommand("logs", None, 3)),
        ("artifacts nightly", LatestRunCommand("artifacts", "nightly")),
        ("status last", LatestRunCommand("status")),
        ('status "last"', StatusCommand(schedule_text="last")),
        ("LAST", LatestRunCommand("status")),
        ("cancel 4711, 4712 and #4711", SeveralCommand((CancelCommand(4711), CancelCommand(4712)))),
        ("status 4711 <https://x.test/run_id/4712>", SeveralCommand((StatusCommand(4711), StatusCommand(4712)))),
        ("cancel 4711.", CancelCommand(4711)),
        ("4711!", StatusCommand(4711)),
        ("help.", HelpCommand()),
        ("retry 4711", RetryCommand(every=False, run_id=4711)),
        ("retry 4711 --all", RetryCommand(every=True, run_id=4711)),
        ("retry nightly", RetryCommand(every=False, schedule_text="nightly")),
        ("retry --failing", RetryFailingCommand()),
        ("pause nightly", PauseCommand("nightly", pause=True)),
        ("resume nightly", PauseCommand("nightly", pause=False)),
        ("history nightly", HistoryCommand("nightly")),
        ("history nightly --runs 50", HistoryCommand("nightly", 50)),
        ("run --help", HelpCommand("run")),
        ("cancel —help", HelpCommand("cancel")),
        ("help", HelpCommand()),
        ("HELP run", HelpCommand("run")),
        ("help me", HelpCommand()),
        ("help all", HelpCommand()),
        ("help my run is late", HelpCommand()),
        ("help Retry!", HelpCommand("retry")),
        ("help wat", HelpCommand(unknown="wat")),
        ("help retyr", HelpCommand("retry", "retyr")),
        ("help rerun", HelpCommand("retry", "rerun")),
    ],
)
def test_what_people_type_is_understood(text: str, expected: Command) -> None:
    """Commands are understood whatever their case, spaces and quotes, and with Slack's own escapes and links."""
    assert parse(text) == expected


@pytest.mark.parametrize("dash", ["--", "—", "–", "―", "−", "—-", "-—", "---", "-–", "‐‐", "⁃", "﹣﹣", "－－"])
@pytest.mark.parametrize(
    ("opening", "closing"),
    [('"', '"'), ("“", "”"), ("„", "“"), ("«", "»"), ("“", '"'), ("‟", "”"), ("‘", "’"), ("‚", "‘"), ("‹", "›")],
)
def test_phones_may_write_dashes_and_quotes_as_they_like(dash: str, opening: str, closing: str) -> None:
    """Every kind of dash and quote is read as the plain one."""
    q = (opening + "{}" + closing).format
    text = (
        f"run {q('Nightly full build')} {dash}branch dev {dash}pr 12 {dash}command {q('dbt run -s a')} "
        f"{dash}command {q('dbt test')} {dash}reason {q('month end')}"
    )
    assert parse(text) == FULL


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("run --pr 3", "Which schedule? Name one, as in /bolt run nightly."),
        ("run nightly --pr", "--pr needs a number, as in --pr 123."),
        ("run nightly --pr abc", "--pr needs a number, as in --pr 123."),
        ("run nightly --pr 0", "--pr needs a number, as in --pr 123."),
        ("run nightly --pr 2147483648", "--pr needs a number, as in --pr 123."),
        ("run nightly --pr ١٢", "--pr needs a number, as in --pr 123."),
        ("run nightly --branch --pr 3", "--branch needs a value, as in --branch main."),
        ("run nightly --brnch x", 'There\'s no option "--brnch". Did you mean --branch?'),
        (
            "run nightly --xyzzy 1",
            'There\'s no option "--xyzzy". Its options are --branch, --pr, --command, --reason and --continue-on-error.',
        ),
        ("run nightly --pr 1 --pr 2", "--pr is given twice. Use it once."),
        *(
            (
                f'run nightly --branch "{name}"',
                f'"{name}" isn\'t a valid branch name. Give a branch or a commit, as in --branch main.',
            )
            for name in ("../../etc", "main~1", "a:b", "/a", "a/", "a//b", "a.", "@{1}")
        ),
        (
            'run nightly --branch "a b"',
            '"a b" isn\'t a valid branch name. Give a branch or a commit, as in --branch main.',
        ),
        ("run “nightly", "A quote isn't closed: “nightly. End it with \"."),
        ('run nightly --reason ""', "The reason is empty. Put it in quotes or leave it out."),
        (f"run {'x' * 201}", "The schedule's name is too long: 201 characters. The limit is 200."),
        ("run a\nb", "A command can't contain line breaks or control characters. Type it on one line."),
        (
            "run nightly --command 'a\x1bb'",
            "A command can't contain line breaks or control characters. Type it on one line.",
        ),
        (
            "run nightly\n--branch dev",
            "A command can't contain line breaks or control characters. Type it on one line.",
        ),
        ("run `nightly", "A backtick isn't closed: `nightly. End it with `."),
        ("run `nightly`x", "There's no space after a backtick: `nightly`x. Add one."),
        ("run nightly " + "--command x " * 21, "That's 21 commands. The limit is 20."),
        ("rnu nightly", 'There\'s no command "rnu". Did you mean /bolt run?'),
        ("zzz", 'There\'s no command "zzz". Type /bolt help to see all commands.'),
        ("stop 4711", 'There\'s no command "stop". Did you mean /bolt cancel?'),
        ("run x -pr 3", 'There\'s no option "-pr". Did you mean --pr?'),
        ("run x --pull-request 4", 'There\'s no option "--pull-request". Did you mean --pr?'),
        ("run x -- pr 3", "Write --pr without a space after the dashes, as in --pr 123."),
        ("run x — branch dev", "Write --branch without a space after the dashes, as in --branch main."),
        (
            "run x --command=dbt test",
            'I can\'t tell what "test" belongs to. Put quotes around a value with spaces, as in --command "dbt run --select staging".',
        ),
        (
            "run --reason late nightly",
            'I can\'t tell what "nightly" belongs to. Put quotes around a value with spaces, as in --reason "late data".',
        ),
        (
            "run x --pr 3 nightly",
            'I can\'t tell what "nightly" belongs to. Put quotes around a value with spaces, as in --reason "late data".',
        ),
        (
            """run x --command "dbt run --vars '{"a": 1}'\"""",
            """There's a quote inside quotes: "dbt run --vars '{"a": 1}'". Write it as \\", or use the other kind.""",
        ),
        ('run nightly"', "There's a quote inside a word: nightly\". Put quotes around the whole value."),
        ("run x --branch=-x", '"-x" isn\'t a valid branch name. Give a branch or a commit, as in --branch main.'),
        ("run x --branch " + "b" * 256, "The branch is too long: 256 characters. The limit is 255."),
        (f"run x --command '{'c' * 1001}'", "A command is too long: 1001 characters. The limit is 1000."),
        (f"run x --reason '{'r' * 501}'", "The reason is too long: 501 characters. The limit is 500."),
        (
            "run a\ud800",
            "A command can't contain line breaks or control characters. Type it on one line.",
        ),
        ("cancel -4711", "cancel needs a run number, as in /bolt cancel 4711."),
        ("cancel 4711 nightly", "cancel needs a run number, as in /bolt cancel 4711."),
        ("cancel " + " ".join(map(str, range(1, 12))), "That's 11 runs. The limit is 10."),
        ("cancel " + "9" * 5000, "cancel needs a run number, as in /bolt cancel 4711."),
        ("cancel", "cancel needs a run number, as in /bolt cancel 4711."),
        ("cancel abc", "cancel needs a run number, as in /bolt cancel 4711."),
        ("status 99999999999", "status needs a run number, as in /bolt status 4711."),
        ("show", "Which schedule? Name one, as in /bolt show nightly."),
        ("show x --all", 'There\'s no option "--all": show takes no options.'),
        ("retry", "Which run? Give its number or a schedule, as in /bolt retry 4711."),
        ("retry x --pr 3", 'There\'s no option "--pr". Its options are --all and --failing.'),
        ("retry nightly --failing", "Use --failing on its own: /bolt retry --failing."),
        ("retry --failing --all", "Use --failing on its own: /bolt retry --failing."),
        ("list x --all", 'There\'s no option "--all". Its options are --inactive, --suspended and --failing.'),
        ("list x --paused", 'There\'s no option "--paused". Did you mean --suspended?'),
        ("list x --failing=yes", "--failing takes no value. Use it on its own."),
        ("list x --failing --failing", "--failing is given twice. Use it once."),
        ("logs", "logs needs a run number or a schedule, as in /bolt logs 4711."),
        ("logs 4711 0", "After the run's number, logs takes a command's number, as in /bolt logs 4711 3."),
        ("history x --runs 1", "--runs needs a number from 2 to 100, as in --runs 50."),
        ("history x --runs many", "--runs needs a number from 2 to 100, as in --runs 50."),
        ("suspend x", 'There\'s no command "suspend". Did you mean /bolt pause?'),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence_with_the_next_step(text: str, sentence: str) -> None:
    """Each mistake is answered with the reason first, then what to type instead."""
    with pytest.raises(BadCommand) as refused:
        parse(text)
    assert refused.value.sentence == sentence


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cancel", CancelCommand(4711)),
        ("cancel 12", CancelCommand(12)),
        ("logs", LogsCommand(4711)),
        ("logs 3", LogsCommand(4711, 3)),
        ("logs 3 --follow", LogsCommand(4711, 3, follow=True)),
        ("logs 003", LogsCommand(4711, 3)),
        ("logs 4712", LogsCommand(4712)),
        ("logs 0000030000", LogsCommand(30000)),
        ("logs `3`", LogsCommand(4711, 3)),
        ("logs 4712 3", LogsCommand(4712, 3)),
        ("retry --all", RetryCommand(every=True, run_id=4711)),
        ("retry nightly", RetryCommand(every=False, schedule_text="nightly")),
        ("retry --failing", RetryFailingCommand()),
        ("artifacts", ArtifactsCommand(4711)),
        ("status", StatusCommand(run_id=4711)),
        ("run", RunForm()),
    ],
)
def test_in_the_thread_of_a_run_its_number_may_be_left_out(text: str, expected: Command) -> None:
    """In a run's thread, a command without a number means that run; a number that's given still counts."""
    assert parse(text, run_id=4711) == expected


@pytest.mark.parametrize("text", ["logs 0", "cancel it", "logs 4712 x"])
def test_in_a_thread_nothing_is_guessed_either(text: str) -> None:
    """Even in a thread, something that isn't a valid number is refused."""
    with pytest.raises(BadCommand, match="needs a run number"):
        parse(text, run_id=4711)


def test_the_commands_own_name_is_used() -> None:
    """Refusals show the slash command under the name that this workspace gave it."""
    with pytest.raises(BadCommand, match="/dbt show nightly"):
        parse("show", "/dbt")


# Text that is hard to parse: quotes, dashes and Slack's escapes next to one another.
AWKWARD = st.lists(
    st.sampled_from(
        ["a", "B c", "7", " ", "`", "```", "*", "_", "~", '"', "'", "“", "”", "’", "\\", "--", "—", "-", "=", "#", "<", ">", "|", "&", ";", "@", "!",
         "&lt;", "&amp;", "<@U1|x>", "--pr ", "--branch ", "--reason ", '--command "', "—reason=", "https://x/run_id/4"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@given(st.text(max_size=300) | AWKWARD)
def test_nothing_typed_ends_in_anything_but_a_command_or_a_sentence(text: str) -> None:
    """Any text either parses or raises BadCommand, and a parsed command survives being written out and read again."""
    for typed in (
        text,
        f"run {text}",
        f"cancel {text}",
        f"logs {text}",
        f"retry {text}",
        f"list {text}",
        f"watch {text}",
    ):
        with contextlib.suppress(BadCommand):
            command = parse(typed)
            assert parse(canonical(command)) == command


@given(st.text(max_size=60) | AWKWARD)
def test_a_thread_adds_its_run_and_nothing_else(text: str) -> None:
    """Text that parses elsewhere also parses in a thread, with the same meaning or one about the thread's run."""
    for typed in (text, f"cancel {text}", f"logs {text}", f"retry {text}", f"status {text}"):
        with contextlib.suppress(BadCommand):
            elsewhere = parse(typed)
            there = parse(typed, run_id=4711)
            assert there == elsewhere or getattr(there, "run_id", None) == 4711
