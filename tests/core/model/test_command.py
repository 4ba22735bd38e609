"""Commands as data, and as the text that buttons carry."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.core.commands.grammar import parse
from bot.core.model.command import (
    RunCommand,
    canonical,
)

VALUE = st.text("ab9 `*_~<>&|\"'\\“”„‘’«»—–-=#@;é", min_size=1, max_size=30).map(str.strip).filter(bool)


@given(VALUE, VALUE, st.lists(VALUE, max_size=3), st.sampled_from([None, 1, 2**31 - 1]))
def test_what_a_button_carries_is_what_was_asked(
    schedule: str, reason: str, commands: list[str], pr: int | None
) -> None:
    """A command with quotes, dashes or markup in its values is unchanged after its canonical form is parsed."""
    wanted = RunCommand(" ".join(schedule.split()), None, pr, tuple(commands), " ".join(reason.split()))
    read = parse(canonical(wanted))
    assert isinstance(read, RunCommand)
    assert (read.schedule_text, read.reason, read.pull_request) == (
        wanted.schedule_text,
        wanted.reason,
        wanted.pull_request,
    )
    assert parse(canonical(read)) == read


def test_the_same_request_typed_twice_is_the_same() -> None:
    """Spaces, quotes, dashes and the order of options don't matter."""
    one = parse("run “Nightly  full build” —pr #12 —branch dev —command ‘dbt run’")
    other = parse('RUN nightly --branch=dev --command "dbt run" --pr 12'.replace("nightly", "Nightly full build"))
    assert canonical(one) == canonical(other)
