"""Every document is valid for the contract, and every older one for a backend that lacks the newer parts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

import bolt_sandbox
from bolt_sandbox.bolt.faults import OLD_BACKEND_LACKS
from bolt_sandbox.bolt.graphql_execution import schema as schema_without
from bot.paradime import graphql_documents

CONTRACT = Path(bolt_sandbox.__file__).parent / "bolt" / "schema.graphql"

FIXED = {
    "SCHEDULES": graphql_documents.SCHEDULES,
    "OLD_SCHEDULES": graphql_documents.OLD_SCHEDULES,
    "ACTIVITY": graphql_documents.ACTIVITY,
    "OLD_ACTIVITY": graphql_documents.OLD_ACTIVITY,
    "CHECK": graphql_documents.CHECK,
    "COMMAND": graphql_documents.COMMAND,
    "RUN_OF_COMMAND": graphql_documents.RUN_OF_COMMAND,
    "LOGS": graphql_documents.LOGS,
    "RESOURCE_URL": graphql_documents.RESOURCE_URL,
    "CANCEL": graphql_documents.CANCEL,
    "RETRY": graphql_documents.RETRY,
    "RETRY_ALL": graphql_documents.RETRY_ALL,
    "statuses": graphql_documents.statuses([1, 2, 2_147_483_647]),
    "statuses, shared": graphql_documents.statuses([1, 2, 2_147_483_647], "BoltRunStatus"),
}
SPELLED: dict[str, Callable[[str], str]] = {
    "schedule": graphql_documents.schedule,
    "runs": graphql_documents.runs,
    "trigger": graphql_documents.trigger,
    "suspend": graphql_documents.suspend,
    "newest_runs": lambda word: graphql_documents.newest_runs(word, 3),
    "newest_runs, shared": lambda word: graphql_documents.newest_runs(word, 3, "BoltRunPage"),
}
ALL = FIXED | {f"{name}({word})": make(word) for name, make in SPELLED.items() for word in ("slug", "scheduleName")}
# Documents that an older backend accepts. Retrying a schedule's latest failure has no older spelling.
OLD = {name: text for name, text in ALL.items() if name not in {"SCHEDULES", "ACTIVITY"} and "(slug)" not in name}


@pytest.fixture(scope="module")
def contract() -> GraphQLSchema:
    """The schema that the client is written against."""
    if not CONTRACT.exists():
        pytest.skip(f"{CONTRACT.name} of the sandbox is not there")
    return build_schema(CONTRACT.read_text(encoding="utf-8"))


def test_every_document_is_tried() -> None:
    """Every document is listed here."""
    constants = {name for name, value in vars(graphql_documents).items() if name.isupper() and name[0] != "_" and value}
    assert constants == {name for name in FIXED if name.isupper()}


@pytest.mark.parametrize("name", sorted(ALL))
def test_it_fits_the_contract(contract: GraphQLSchema, name: str) -> None:
    """Every document is valid for the contract."""
    assert validate(contract, parse(ALL[name])) == []


@pytest.mark.parametrize("name", sorted(OLD))
def test_the_older_ones_fit_an_older_backend(name: str) -> None:
    """The older documents are valid without the newer fields and the argument `slug`."""
    assert validate(schema_without(OLD_BACKEND_LACKS), parse(OLD[name])) == []


@pytest.mark.parametrize("name", sorted(set(ALL) - set(OLD)))
def test_the_newer_ones_do_not(name: str) -> None:
    """The newer documents are invalid for an older backend, which is why there are two versions."""
    assert validate(schema_without(OLD_BACKEND_LACKS), parse(ALL[name]))


@pytest.mark.parametrize("type_name", ["", "BoltRunStatus"])
def test_a_poll_never_asks_for_logs(type_name: str) -> None:
    """A poll never asks for fields that may hold megabytes."""
    text = graphql_documents.statuses([1], type_name)
    assert not any(word in text for word in ("stdout", "stderr", "resources"))


def test_only_numbers_come_into_a_poll() -> None:
    """A run id that isn't a number is refused before it becomes part of the query."""
    with pytest.raises(ValueError, match="invalid literal"):
        graphql_documents.statuses(["1) { state } x: boltRunStatus(runId: 2"])  # type: ignore[list-item]
