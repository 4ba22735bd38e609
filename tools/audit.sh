#!/usr/bin/env bash
# Asks the advisory service (OSV) whether a vulnerability is known of any locked package: `audit.sh UV [address of the service]`.
# Exit status 1 where one is. Where the service cannot be reached nothing is known, and that is said: with AUDIT_REQUIRED=1 it
# is exit status 2, else 0.
set -euo pipefail

uv="$1"
service=(${2:+--service-url "$2"})
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

skip() {
    echo "Skipped the audit of dependencies, so nothing is known of them: $1" >&2
    [[ -z "${AUDIT_REQUIRED:-}" ]] || exit 2
    exit 0
}

# uv audits a project or a script: here is one that wants exactly what a list locks.
script_of() {
    printf '# /// script\n# requires-python = ">=3.11"\n# dependencies = [\n'
    sed -nE 's/^([A-Za-z0-9][^ =]*==[^\\]*[^ \\]) *\\?$/#   "\1",/p' "$1"
    printf '# ]\n# ///\n'
}

"$uv" audit --help >/dev/null 2>&1 || skip "this uv has no audit; the Makefile names one that has."
found=0
for list in requirements/dev.txt tests/conformance/requirements.txt; do
    script="$(mktemp -d -p "$work")/locked.py"
    script_of "$list" >"$script"
    "$uv" lock --quiet --script "$script"
    status=0
    "$uv" audit --frozen --preview-features audit "${service[@]}" --script "$script" >"$work/said" 2>&1 || status=$?
    if ((status > 1)) && grep -qE 'error sending request|Request failed after|HTTP status' "$work/said"; then
        skip "the advisory service does not answer ($(grep -E 'cause: |error: ' "$work/said" | tail -n 1 | sed -E 's/^ *(cause|error): //'))."
    fi
    echo "$list:"
    cat "$work/said"
    ((status <= 1)) || exit "$status"
    ((status == 0)) || found=1
done
exit "$found"
