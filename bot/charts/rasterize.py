"""The drawing process: reads an SVG from standard input, writes a PNG to standard output.

Run as a script in an isolated interpreter, so it imports nothing from the bot. The arguments are the folder in which
the library is installed, and the font files.
"""

from __future__ import annotations

import resource
import sys

# Twenty times what the largest chart takes.
MEMORY_MOST = 400_000_000
CPU_MOST_S = 10


def main() -> None:
    """Read, draw, write."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MOST, MEMORY_MOST))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_MOST_S, CPU_MOST_S))
    library, *fonts = sys.argv[1:]
    sys.path.append(library)
    import resvg_py  # noqa: PLC0415 - only found in the folder that was just added

    drawn = resvg_py.svg_to_bytes(svg_string=sys.stdin.buffer.read().decode(), skip_system_fonts=True, font_files=fonts)
    sys.stdout.buffer.write(drawn)


if __name__ == "__main__":
    main()
