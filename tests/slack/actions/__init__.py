"""Tests of buttons.

Most buttons are tested with their features, in tests/e2e; their effects on incidents and outages in tests/flows.
"""
