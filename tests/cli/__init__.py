"""Tests of the command `bolt-bot`.

`hints` is tested in tests/test_hints_file.py, `watches` in tests/test_watch_files.py, `audit export` in
tests/e2e/test_audit.py, and `demo` in tests/sandbox/test_demo.py.
"""
