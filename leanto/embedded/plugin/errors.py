"""What goes wrong in a handler, and how it reads to the person who ran the deployment."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import MappingProxyType, TracebackType
from typing import Any


class RefusedError(Exception):
    """AWS would refuse the call and moto does not: `code` and `message` are those of AWS."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class CreatedInPartError(Exception):
    """The resource exists, but a later step of its creation failed: the engine keeps it, so nothing is orphaned."""

    def __init__(self, resource_id: str, cause: Exception) -> None:
        super().__init__(str(cause))
        self.resource_id = resource_id
        self.cause = cause
        self.outputs: dict[str, Any] = {}
        """What the resource is so far, as far as it can be read."""


class RunCancelledError(Exception):
    """The run was cancelled while a handler was waiting."""


class UnknownTypeError(Exception):
    """The program uses a resource type or function that AWS in a box does not serve."""


def code_of(error: Exception) -> str:
    """Return AWS's error code, such as `NoSuchBucket`; empty for what is not an answer of AWS."""
    if isinstance(error, RefusedError):
        return error.code
    return str(_answer_of(error).get("Code", ""))


def _answer_of(error: Exception) -> dict[str, Any]:
    # By shape, not by class: importing botocore's exceptions costs the start of the plugin 0.2 s.
    response = getattr(error, "response", None)
    answer = response.get("Error", {}) if isinstance(response, dict) else {}
    return answer if isinstance(answer, dict) else {}


class _Absent(AbstractContextManager[None, bool]):
    def __init__(self, codes: tuple[str, ...]) -> None:
        self._codes = codes

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        return isinstance(error, Exception) and code_of(error) in self._codes


def absent(*codes: str) -> AbstractContextManager[None, bool]:
    """Swallow the API errors with these codes: they say that what was asked for is already gone."""
    return _Absent(codes)


@contextmanager
def creating(resource_id: str, undo: Callable[[], object] | None = None) -> Iterator[None]:
    """Guard the steps that follow the making of `resource_id`: on failure undo it, or else hand it to the engine."""
    try:
        yield
    except Exception as error:
        if undo is None:
            raise CreatedInPartError(resource_id, error) from error
        undo()
        raise


REMEDIES: Mapping[str, str] = MappingProxyType(
    {
        "EntityAlreadyExists": "choose another name, or leave the name out to have one made up",
        "BucketAlreadyExists": "choose another bucket name, or leave it out to have one made up",
        "BucketAlreadyOwnedByYou": "choose another bucket name, or leave it out to have one made up",
        "BucketNotEmpty": "set forceDestroy on the bucket to delete its objects with it",
        "DeleteConflict": "delete what still hangs on it first",
        "ResourceExistsException": "a secret of that name exists, perhaps scheduled for deletion: choose another name",
        "MalformedPolicyDocument": "check the policy document",
        "MalformedPolicyDocumentException": "check the policy document",
        "MalformedPolicy": "check the policy document",
    }
)


def explain(error: Exception, endpoint: str) -> str:
    """Return one readable line for any error of a handler, without a traceback."""
    if isinstance(error, CreatedInPartError):
        return f"created, but not completed: {explain(error.cause, endpoint)}"
    if _names(error) & {"ResponseParserError"} or code_of(error) == "500":
        return f"the embedded AWS at {endpoint} does not implement this call: {_one_line(error)}"
    if code_of(error):
        return _answer(error)
    if _names(error) & {"HTTPClientError", "ConnectionError"}:
        return f"the embedded AWS at {endpoint} does not answer: was it stopped? Start the box again and repeat the run"
    if _names(error) & {"BotoCoreError"}:
        return f"the request was not sent: {_one_line(error)}"
    return f"{type(error).__name__}: {_one_line(error)}"


def _names(error: Exception) -> frozenset[str]:
    return frozenset(kind.__name__ for kind in type(error).__mro__)


def _answer(error: Exception) -> str:
    if isinstance(error, RefusedError):
        line = _one_line(error)
    else:
        detail = _answer_of(error)
        operation = getattr(error, "operation_name", "an unnamed call")
        line = f"{detail.get('Code')}: {str(detail.get('Message', '')).strip()} (in {operation})"
    remedy = REMEDIES.get(code_of(error))
    return f"{line}. Remedy: {remedy}" if remedy else line


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or "no message"
