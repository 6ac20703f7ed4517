"""Exit codes of the command, and which error means which: the one table, also shown in docs/reference/exit-codes.md.

Errors are named by `module:class`, so that `leanto --help` need not import what can raise them.
"""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType


class Exit(IntEnum):
    """What the command's exit code tells a script."""

    OK = 0
    FAILED = 1
    INCOMPLETE = 2
    USAGE = 3
    INTERNAL = 4
    PREREQUISITE = 5
    STATE = 6
    LEFTOVERS = 7
    INTERRUPTED = 130


MEANINGS: Mapping[Exit, str] = MappingProxyType(
    {
        Exit.OK: "done as asked",
        Exit.FAILED: "a policy is broken, the deployment failed, or AWS refused; what was done is in the state",
        Exit.INCOMPLETE: "done in part; the message says what is missing and how to go on",
        Exit.USAGE: "a wrong option, setting or file; nothing was begun",
        Exit.INTERNAL: "a mistake of leanto itself; the message names the log",
        Exit.PREREQUISITE: "something needed is missing: engine, bundles, credentials, box, an answer on a terminal",
        Exit.STATE: "the state is locked or cannot be read",
        Exit.LEFTOVERS: "something is left after destroy",
        Exit.INTERRUPTED: "interrupted by the user",
    }
)

CODES: Mapping[str, Exit] = MappingProxyType(
    {
        "leanto.engine.errors:DeploymentFailedError": Exit.FAILED,
        "leanto.engine.errors:PoliciesBrokenError": Exit.FAILED,
        "leanto.engine.errors:StackUnknownError": Exit.USAGE,
        "leanto.engine.errors:ProjectFileError": Exit.USAGE,
        "leanto.engine.errors:StateLockedError": Exit.STATE,
        "leanto.engine.errors:StateUnreadableError": Exit.STATE,
        "leanto.engine.errors:InterruptedRunError": Exit.INTERRUPTED,
        "leanto.engine.errors:EngineError": Exit.PREREQUISITE,
        "leanto.bundles.errors:BundleError": Exit.PREREQUISITE,
        "leanto.gateway.errors:ServeError": Exit.USAGE,
        "runtime.errors:ConfigurationError": Exit.USAGE,
        "leanto.embedded.box:BoxError": Exit.PREREQUISITE,
        "leanto.embedded.boxfile:BoxFileError": Exit.PREREQUISITE,
        "leanto.check.project:ProjectError": Exit.USAGE,
        "leanto.check.results:SynthesisError": Exit.USAGE,
        "leanto.check.money:BaseError": Exit.USAGE,
        "policies.configuration:ConfigurationError": Exit.USAGE,
        "infra.problems:SettingsError": Exit.USAGE,
        "leanto.artefacts.errors:ArtefactError": Exit.PREREQUISITE,
        "leanto.artefacts.errors:WrongContentError": Exit.FAILED,
        "infra.bundles:BundlesMissing": Exit.PREREQUISITE,
        "botocore.exceptions:ClientError": Exit.FAILED,
        "botocore.exceptions:BotoCoreError": Exit.PREREQUISITE,
        "click.exceptions:ClickException": Exit.USAGE,
        "leanto.cli.exits:CommandError": Exit.FAILED,
    }
)


class CommandError(Exception):
    """A command cannot go on; the message says what was wrong, the value, the values allowed and the remedy."""

    def __init__(self, message: str, code: Exit = Exit.USAGE) -> None:
        super().__init__(message)
        self.code = code


def code_of(error: BaseException) -> Exit:
    """Return the exit code of an error; INTERNAL for one that no table names."""
    if isinstance(error, CommandError):
        return error.code
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Abort":
        return Exit.INTERRUPTED
    for kind in type(error).__mro__:
        code = CODES.get(f"{kind.__module__}:{kind.__qualname__}")
        if code is not None:
            return code
    return Exit.INTERNAL


def text_of(error: BaseException) -> str:
    """Return what to tell the user of an error."""
    kind = type(error)
    if kind.__module__.startswith("click"):
        return str(error.format_message()) if hasattr(error, "format_message") else str(error)
    response = getattr(error, "response", None)
    if isinstance(response, dict) and "Error" in response:
        told = response["Error"]
        operation = getattr(error, "operation_name", "a request")
        return f"AWS refused {operation}: {told.get('Code', 'error')}: {told.get('Message', '')}"
    if any(parent.__module__ == "botocore.exceptions" for parent in kind.__mro__):
        return f"AWS cannot be asked: {error}\nCheck the credentials (`aws sts get-caller-identity`) and the network."
    return str(error)
