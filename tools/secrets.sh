#!/usr/bin/env bash
# Searches all files that git doesn't ignore for secrets, except tests and the sandbox, which have many made-up ones.
set -euo pipefail

if ! git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    echo "Skipped the search for secrets: this isn't a git checkout."
    exit 0
fi
# --no-verify: findings aren't verified with the services that they belong to.
git ls-files -z --cached --others --exclude-standard -- . ':!tests' ':!requirements' ':!sandbox/bolt_sandbox' ':!sandbox/page/package-lock.json' |
    xargs -0 .venv/bin/detect-secrets-hook --no-verify
