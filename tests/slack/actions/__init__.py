"""Tests of buttons.

Most buttons are tested with their features, in tests/e2e. Their effects on incidents and outages are tested in
tests/flows.
"""
