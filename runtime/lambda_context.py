"""What a function is told about where it runs and about the one invocation it serves."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

from runtime.errors import ConfigurationError
from runtime.lambda_api import Invocation

T = TypeVar("T")


class Environment:
    """The execution environment: its variables, and what is opened once and kept over its invocations."""

    def __init__(self, variables: Mapping[str, str]):
        self.variables = variables
        self._stack = AsyncExitStack()
        self._opened: dict[object, Any] = {}

    def variable(self, name: str) -> str:
        """Return a variable that the deployment must set; raises ConfigurationError naming it if it is not there."""
        value = self.variables.get(name)
        if value is None:
            raise ConfigurationError(f"the environment variable {name} is not set; deploy the stack again to set it")
        return value

    async def keep(self, opener: Callable[[Mapping[str, str]], AbstractAsyncContextManager[T]]) -> T:
        """Return what `opener` opens from the variables: opened at the first call, closed when the environment ends."""
        if opener not in self._opened:
            self._opened[opener] = await self._stack.enter_async_context(opener(self.variables))
        value: T = self._opened[opener]
        return value

    async def close(self) -> None:
        """Close what was kept, last opened first."""
        self._opened.clear()
        await self._stack.aclose()


@dataclass(frozen=True)
class LambdaContext:
    """The context argument of plain handlers: one invocation in its environment."""

    invocation: Invocation
    environment: Environment

    @property
    def request_id(self) -> str:
        """Lambda's id of this invocation."""
        return self.invocation.request_id

    def remaining_seconds(self) -> float:
        """Return the time until Lambda ends this invocation."""
        return self.invocation.deadline_ms / 1000 - time.time()
