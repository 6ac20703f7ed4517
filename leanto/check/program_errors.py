"""Says why a program could not be synthesised, in terms of the program: its lines, its settings, its packages."""

from collections.abc import Mapping
from typing import Any

from leanto.check.folder import ProgramFolder
from leanto.check.process import End
from leanto.check.project import stack_path
from leanto.check.results import SynthesisError


def failure(folder: ProgramFolder, stack: str, end: End, timeout_seconds: float) -> SynthesisError:
    """Return the error for a program that did not end well."""
    if end.timed_out:
        at = f" It is at {_relative(folder, end.at)}." if end.at else ""
        return SynthesisError(
            f"{folder.program} does not come to its end within {timeout_seconds:g} s.{at} A check runs without network "
            f"and credentials: does it wait for something?{_shown(end)}"
        )
    error: Mapping[str, Any] = end.error or {}
    text = _text(folder, stack, end, error)
    return SynthesisError(text + ("" if error.get("kind") == "ConfigMissingError" else _shown(end)))


def _text(folder: ProgramFolder, stack: str, end: End, error: Mapping[str, Any]) -> str:
    kind, message = str(error.get("kind") or ""), str(error.get("message") or "")
    if kind == "no-sdk":
        return f"{folder.python} has no Pulumi SDK ({message}). {_environment(folder)}"
    if not kind:
        how = "without a word" if end.exit_code is None else f"with exit code {end.exit_code}"
        return f"{folder.program}: its process ended {how} before the program did"
    place = f"{error['file']}:{error['line']}" if error.get("file") else str(folder.program)
    at = _relative(folder, place)
    if kind == "ConfigMissingError" and error.get("key"):
        key = error["key"]
        return (
            f"{at}: the program needs the setting {key!r}, and neither {stack_path(folder.root, stack)} nor "
            f"Pulumi.yaml gives it: add it under `config:`, or run `pulumi config set {key} VALUE --stack {stack}`"
        )
    if kind == "RunError":
        return f"{at}: {message}"
    if kind in {"ModuleNotFoundError", "ImportError"}:
        return f"{at}: {kind}: {message}. {_environment(folder)}"
    return f"{at}: {kind}: {message}"


def _environment(folder: ProgramFolder) -> str:
    if folder.named:
        return f"The program runs with {folder.python}: install its packages there, as `pulumi install` does."
    return (
        f"The program runs with {folder.python}, because Pulumi.yaml names no environment: name the program's own "
        "under `runtime: options: virtualenv:`"
    )


def _relative(folder: ProgramFolder, place: str) -> str:
    return place.removeprefix(f"{folder.root}/")


def _shown(end: End) -> str:
    return f"\nThe end of what it printed:\n{end.printed}" if end.printed else ""
