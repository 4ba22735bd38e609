"""The rival of `polls`: the vendor's SDK follows runs as its own command line does with --wait, one thread per run.

Run it with the Python of the environment that `make conformance` sets up; it imports nothing from the bot. The logs that
the command line would stream aren't read. It prints `ready` and runs until it's stopped.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Iterator

# Set before the import: otherwise the SDK would ask the package index for a newer version of itself.
os.environ["PARADIME_DISABLE_VERSION_CHECK"] = "1"
os.environ["PARADIME_DISABLE_TELEMETRY"] = "true"

from paradime import Paradime  # type: ignore[import-not-found]
from paradime.cli.bolt import _wait_with_logs  # type: ignore[import-not-found]


def no_logs(_command_id: int) -> Iterator[object]:
    """Replace the SDK's streaming of a command's log."""
    return iter(())


def main() -> None:
    """Follow the given runs."""
    parser = argparse.ArgumentParser()
    for name in ("endpoint", "key", "secret"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("runs", nargs="+", type=int)
    given = parser.parse_args()
    client = Paradime(api_endpoint=given.endpoint, api_key=given.key, api_secret=given.secret)
    vars(client.bolt)["stream_command_logs"] = no_logs
    threads = [threading.Thread(target=_wait_with_logs, args=(client, run, True), daemon=True) for run in given.runs]
    for thread in threads:
        thread.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
