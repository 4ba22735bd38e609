#!/usr/bin/env bash
# Checks the locked packages for known vulnerabilities with the advisory service (OSV): `audit.sh UV [address of the service]`.
# Exits with 1 if there are any. If the service can't be reached, says so, and exits with 2 if AUDIT_REQUIRED=1, else 0.
set -euo pipefail

uv="$1"
service=(${2:+--service-url "$2"})
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
found=0

skip() {
    echo "Skipped the audit, so the dependencies were not checked: $1" >&2
    [[ -z "${AUDIT_REQUIRED:-}" ]] || exit 2
    exit "$found"
}

# Skips the audit if uv reports that a server didn't answer. Any other error is a failure.
away() {
    if grep -qE 'error sending request|Request failed after|HTTP status' "$work/said"; then
        skip "$1 doesn't answer ($(grep -E 'cause: |error: ' "$work/said" | tail -n 1 | sed -E 's/^ *(cause|error): //'))."
    fi
    cat "$work/said" >&2
    exit 2
}

# uv audits only projects and scripts, so this makes a script that requires exactly the locked packages of a list.
script_of() {
    printf '# /// script\n# requires-python = ">=3.11"\n# dependencies = [\n'
    sed -nE 's/^([A-Za-z0-9][^ =]*==[^\\]*[^ \\]) *\\?$/#   "\1",/p' "$1"
    printf '# ]\n# ///\n'
}

"$uv" audit --help >/dev/null 2>&1 || skip "this uv has no audit command. The one that the Makefile installs does."
for list in requirements/dev.txt requirements/uv.txt requirements/release.txt tests/conformance/requirements.txt tests/deploy/requirements.txt; do
    script="$(mktemp -d -p "$work")/locked.py"
    script_of "$list" >"$script"
    status=0
    "$uv" lock --quiet --script "$script" >"$work/said" 2>&1 || away "the index of packages"
    "$uv" audit --frozen --preview-features audit "${service[@]}" --script "$script" >"$work/said" 2>&1 || status=$?
    ((status <= 1)) || away "the advisory service"
    echo "$list:"
    cat "$work/said"
    ((status == 0)) || found=1
done
exit "$found"
