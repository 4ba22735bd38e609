"""Tests of the local Bolt API."""
