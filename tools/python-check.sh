#!/usr/bin/env bash
# Exits with a clear message if the Python to use is missing or too old.
set -euo pipefail

python="$1"
if ! command -v "$python" >/dev/null; then
    echo "There's no $python. Install Python 3.11 or newer, or name one that you have: make PYTHON=/path/to/python3.12 …" >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "$("$python" --version) is too old: 3.11 or newer is needed. Name another one: make PYTHON=python3.12 …" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "This Python has no venv. On Debian and Ubuntu: apt-get install python3-venv" >&2
    exit 1
fi
