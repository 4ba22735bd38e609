"""The end-to-end tests' stage."""

from tests.e2e.conftest import stage

__all__ = ["stage"]
