#!/usr/bin/env bash
# Writes the locked requirements: run.txt has what every deployment needs, with all extras except charts; run-charts.txt also has
# charts; dev.txt also has the requirements of the sandbox and the tools. A package has the same version in each. build.txt has
# what builds the packages, release.txt what checks them, and uv.txt has uv. They contain the hashes of every platform's files,
# and no index address.
set -euo pipefail

uv="$1"
common=(--quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --python-version 3.11)
"$uv" pip compile "${common[@]}" pyproject.toml --extra hints --output-file requirements/run.txt
"$uv" pip compile "${common[@]}" pyproject.toml --all-extras \
    --constraint requirements/run.txt --output-file requirements/run-charts.txt
"$uv" pip compile "${common[@]}" pyproject.toml sandbox/pyproject.toml --all-extras --group dev \
    --constraint requirements/run-charts.txt --output-file requirements/dev.txt
"$uv" pip compile "${common[@]}" requirements/build.in --output-file requirements/build.txt
"$uv" pip compile "${common[@]}" requirements/uv.in --output-file requirements/uv.txt
"$uv" pip compile "${common[@]}" requirements/release.in --output-file requirements/release.txt
"$uv" pip compile "${common[@]}" tests/conformance/requirements.in --output-file tests/conformance/requirements.txt
"$uv" pip compile "${common[@]}" tests/deploy/requirements.in --output-file tests/deploy/requirements.txt
if grep -nE '://' requirements/*.txt tests/*/requirements.txt; then
    echo "The locked requirements contain an address." >&2
    exit 1
fi
