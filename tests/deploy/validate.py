"""Validates standard input against published schemas, in the environment that has them (.deploy).

Standard input is a JSON object: `kubernetes` is a list of objects, `versions` lists the versions of Kubernetes, and
`compose` is a Compose file. Prints a JSON list of the problems.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib import resources
from typing import Any

import jsonschema
import kubernetes_validate


def kubernetes(objects: list[dict[str, Any]], versions: list[str]) -> Iterator[str]:
    """Validate each object for each version of Kubernetes. An unknown field is an error too."""
    for version in versions:
        for one in objects:
            try:
                kubernetes_validate.validate(one, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                where = ".".join(map(str, error.path))
                yield f"{one['kind']} in Kubernetes {version}, {where}: {error.message}"
            except kubernetes_validate.SchemaNotFoundError as error:
                yield error.message


def compose(file: dict[str, Any]) -> Iterator[str]:
    """Validate a Compose file against the Compose specification."""
    schema = resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    validator = jsonschema.validators.validator_for({})(json.loads(schema.read_text(encoding="utf-8")))
    for error in validator.iter_errors(file):
        yield f"{'.'.join(map(str, error.path))}: {error.message}"


given = json.load(sys.stdin)
found = [*kubernetes(given.get("kubernetes", []), given.get("versions", []))]
if "compose" in given:
    found += compose(given["compose"])
json.dump(found, sys.stdout)
