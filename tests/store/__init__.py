"""Tests of Redis storage.

The stores of watches, incidents, outages, notices, gaps, quiet hours and digests are tested with their flows, in
tests/flows.
"""
