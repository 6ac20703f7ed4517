"""What holds for every test: how many examples a property is tried with, and that what stays loaded is no garbage."""

import gc

import hypothesis
import pytest

# A machine under load is slow, which is no property of the code under test.
hypothesis.settings.register_profile("quick", deadline=None, max_examples=50)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=500)
hypothesis.settings.load_profile("quick")


def pytest_sessionstart() -> None:
    """Thousands of tests and a large SDK are loaded and kept: nothing of it is garbage yet."""
    gc.disable()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Look at new objects only from here on."""
    gc.freeze()
    gc.enable()
