"""What holds for every test: how many examples a property is tried with, and that what stays loaded is no garbage."""

import gc
from collections.abc import Generator

import hypothesis
import pytest

# What they find is shown as if it stood in the test.
pytest.register_assert_rewrite("tests.runtime.gateway.client_suite", "tests.runtime.gateway.endpoint_suite")

# A machine under load is slow, which is no property of the code under test.
hypothesis.settings.register_profile("quick", deadline=None, max_examples=50)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=500)
hypothesis.settings.load_profile("quick")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Thousands of tests and a large SDK are loaded and kept: nothing of it is ever looked at as garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
