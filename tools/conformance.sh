#!/usr/bin/env bash
# Runs the vendor's SDK against `bolt-bot sandbox`, each in its own environment.
set -euo pipefail

said="$(mktemp)"
.venv/bin/bolt-bot sandbox --port 0 --speed 4 >"$said" 2>&1 </dev/null &
sandbox=$!
trap 'kill "$sandbox" 2>/dev/null || true; wait "$sandbox" 2>/dev/null || true; rm -f "$said"' EXIT

endpoint=""
for _ in $(seq 100); do
    endpoint="$(sed -nE 's/^export PARADIME_API_ENDPOINT=(.*)$/\1/p' "$said")"
    [[ -n "$endpoint" ]] && break
    kill -0 "$sandbox" 2>/dev/null || break
    sleep 0.1
done
if [[ -z "$endpoint" ]]; then
    echo "The sandbox didn't start. Its output:" >&2
    cat "$said" >&2
    exit 1
fi
# Unset, because a proxy would be used for the loopback address too.
env -u HTTP_PROXY -u HTTPS_PROXY -u ALL_PROXY -u http_proxy -u https_proxy -u all_proxy \
    .conformance/bin/python tests/conformance/run.py --endpoint "$endpoint" --key sandbox --secret sandbox
