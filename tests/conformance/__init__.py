"""Tests of the sandbox with the vendor's own SDK."""
