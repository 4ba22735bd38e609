"""Runs the bot on the terminal that is its standard input, as a shell does: closing it sends SIGHUP."""

import fcntl
import sys
import termios

from bot.cli import main

fcntl.ioctl(0, termios.TIOCSCTTY, 0)
sys.exit(main(["run"]))
