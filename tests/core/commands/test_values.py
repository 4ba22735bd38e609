"""The values of options and forms: taken as they're meant, or refused with an example."""

from __future__ import annotations

import pytest

from bot.core.commands.values import (
    BRANCH_LIMIT,
    COMMAND_LIMIT,
    COMMANDS_LIMIT,
    GRAPHQL_INT,
    positive,
    read_branch,
    read_commands,
    read_pull_request,
    read_reason,
)
from bot.core.model.errors import BadCommand


@pytest.mark.parametrize("text", ["", "a b", "-x", "—x", "b" * (BRANCH_LIMIT + 1)])
def test_what_is_no_branch_is_refused(text: str) -> None:
    """An invalid branch name is refused; one that begins with a dash could be an option of git."""
    with pytest.raises(BadCommand):
        read_branch(text)
    assert read_branch("feature/x-1") == "feature/x-1"


@pytest.mark.parametrize(
    ("digits", "number"),
    [
        ("7", 7),
        ("007", 7),
        (str(GRAPHQL_INT), GRAPHQL_INT),
        (str(GRAPHQL_INT + 1), None),
        ("0", None),
        ("-1", None),
        ("٣", None),
        ("", None),
        ("9" * 5000, None),
    ],
)
def test_a_number_is_one_that_bolt_takes(digits: str, number: int | None) -> None:
    """A number is plain digits, above zero and within GraphQL's Int; anything else is None."""
    assert positive(digits) == number


def test_a_pull_request_may_have_its_sign() -> None:
    """A pull request's number may have a #, as GitHub writes it."""
    assert read_pull_request("#12") == read_pull_request("12") == 12
    with pytest.raises(BadCommand, match="--pr 123"):
        read_pull_request("twelve")


def test_commands_are_taken_out_of_their_formatting() -> None:
    """Backticks are removed and a phone's quotes replaced; too many, overlong or empty commands are refused."""
    assert read_commands([" `dbt run` ", "dbt run --vars “{a: 1}”"]) == ("dbt run", 'dbt run --vars "{a: 1}"')
    for given in (["dbt run"] * (COMMANDS_LIMIT + 1), ["x" * (COMMAND_LIMIT + 1)], ["  "]):
        with pytest.raises(BadCommand):
            read_commands(given)


def test_a_reason_is_one_line() -> None:
    """A reason's line breaks and extra spaces become single spaces; an empty reason is refused."""
    assert read_reason(" late \n data ") == "late data"
    with pytest.raises(BadCommand):
        read_reason("  ")
