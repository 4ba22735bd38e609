"""Parse, validate and execute GraphQL with the full schema, or as a backend that lacks some of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    InputValueDefinitionNode,
    ObjectTypeDefinitionNode,
    OperationDefinitionNode,
    build_ast_schema,
    execute_sync,
    parse,
    validate,
)
from graphql.language import REMOVE, FieldDefinitionNode, Visitor, visit
from graphql.language.visitor import VisitorActionEnum

from bolt_sandbox.bolt.context import Context
from bolt_sandbox.bolt.model import Refused
from bolt_sandbox.bolt.resolvers import ROOT

SDL = Path(__file__).parent / "schema.graphql"
QUERIES_KEPT = 64

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request's query, its document, and the fields of Query or Mutation that it requests, one entry each."""

    query: str
    document: DocumentNode
    operations: tuple[str, ...]


def read_query(query: str, operation_name: str | None = None) -> Asked:
    """Parse a query. Raises GraphQLError if it isn't GraphQL."""
    document = _parsed(query)
    asked: list[str] = []
    for definition in document.definitions:
        if not isinstance(definition, OperationDefinitionNode):
            continue
        if operation_name is None or (definition.name is not None and definition.name.value == operation_name):
            asked += [each.name.value for each in definition.selection_set.selections if isinstance(each, FieldNode)]
    return Asked(query, document, tuple(asked))


def invalid(asked: Asked, lacks: tuple[str, ...] = ()) -> tuple[GraphQLError, ...]:
    """Return the validation errors of a query for a backend that lacks these fields and arguments."""
    return _errors_in(asked.query, lacks)


# A client polls with the same query until its runs change. Parsing and validating a query takes three times as long as
# executing it.
@lru_cache(maxsize=QUERIES_KEPT)
def _parsed(query: str) -> DocumentNode:
    return parse(query)


@lru_cache(maxsize=QUERIES_KEPT)
def _errors_in(query: str, lacks: tuple[str, ...]) -> tuple[GraphQLError, ...]:
    return tuple(validate(schema(lacks), _parsed(query)))


def run_query(
    asked: Asked,
    variables: Json | None,
    operation_name: str | None,
    context: Context,
    lacks: tuple[str, ...] = (),
) -> ExecutionResult:
    """Execute a valid query. Raises unexpected errors, because those aren't answers of the API."""
    result = execute_sync(
        schema(lacks),
        asked.document,
        root_value=ROOT,
        context_value=context,
        variable_values=variables,
        operation_name=operation_name,
    )
    for error in result.errors or ():
        if error.original_error is not None and not isinstance(error.original_error, Refused | GraphQLError):
            raise error.original_error
    return result


@lru_cache(maxsize=8)
def schema(lacks: tuple[str, ...] = ()) -> GraphQLSchema:
    """Return the schema without the fields and arguments in `lacks` (`Type.field`, `Type.field.argument`)."""
    document = parse(SDL.read_text(encoding="utf-8"))
    return build_ast_schema(visit(document, _Without(lacks)))


class _Without(Visitor):
    """Removes fields and arguments from a schema's document."""

    def __init__(self, lacks: tuple[str, ...]) -> None:
        super().__init__()
        self._lacks = lacks
        self._type = ""
        self._field = ""

    def enter_object_type_definition(self, node: ObjectTypeDefinitionNode, *_where: Any) -> None:
        """Remember the type."""
        self._type = node.name.value

    def enter_field_definition(self, node: FieldDefinitionNode, *_where: Any) -> VisitorActionEnum | None:
        """Remember the field, or remove it."""
        self._field = f"{self._type}.{node.name.value}"
        return REMOVE if self._field in self._lacks else None

    def enter_input_value_definition(self, node: InputValueDefinitionNode, *_where: Any) -> VisitorActionEnum | None:
        """Remove the argument, if the backend lacks it."""
        return REMOVE if f"{self._field}.{node.name.value}" in self._lacks else None
