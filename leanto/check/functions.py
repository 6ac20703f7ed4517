"""Answers the functions of a provider that any program may call: as known as they can be without any cloud."""

import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from leanto.check import policy_document
from leanto.check.made_up import known_functions
from leanto.check.results import Assumption, SynthesisError
from leanto.check.sdk_source import Kind, SdkSource
from leanto.check.unknowable import MARKED_NUMBER, marked_network, marked_text
from leanto.embedded.plugin.configuration import Configuration

DOCUMENT = "aws:iam/getPolicyDocument:getPolicyDocument"
_SCALARS = MappingProxyType({"number": MARKED_NUMBER, "flag": 0})
"""The SDK takes nothing for a flag but one, and what is empty. A 0 is no flag to any rule."""
LISTED = 3
"""How many there are of whatever a function lists, as of availability zones."""


class OpenFunctions:
    """Answers by the known ones, and by texts marked as unknowable for the rest, of which it keeps a list."""

    def __init__(self, source: SdkSource) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._assumed: dict[str, str] = {}

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """What was answered without being known."""
        with self._lock:
            return tuple(Assumption(token, text) for token, text in sorted(self._assumed.items()))

    def answer(self, token: str, configuration: Configuration, args: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return what a function answers, or None where nothing can be said of it.

        Raises SynthesisError when its arguments are wrong.
        """
        if token == DOCUMENT:
            try:
                return policy_document.answer(args)
            except policy_document.PolicyDocumentError as error:
                raise SynthesisError(f"{token}: {error}") from None
        known = known_functions(str(args.get("region") or configuration.region)).get(token)
        if known is not None:
            return known
        return self._unknowable(token, args)

    def _unknowable(self, token: str, args: Mapping[str, Any]) -> Mapping[str, Any] | None:
        kinds = self._source.function(token)
        told = "made up, and unknown to rules: three texts or one object where it lists them, flags false"
        with self._lock:
            self._assumed[token] = f"only the cloud can answer it: {told if kinds else 'unknown'}"
        if not kinds:
            return None
        asked = repr(sorted(args.items()))
        made_up = {key: _value(kind, key, token, asked, key) for key, kind in kinds.items()}
        return {key: row for key, row in {**made_up, **args}.items() if row is not None}


def _value(kind: Kind, key: str, *subject: str) -> Any:
    match kind.form:
        case "text" | "maybe":
            return _text(key, *subject)
        case "texts":
            networks = "cidr" in key.lower()
            return [
                marked_network(256 + number) if networks else _text(key, *subject, str(number))
                for number in range(1, LISTED + 1)
            ]
        case "map":
            return {marked_text("", *subject): marked_text("", *subject)}
        case "object" | "objects":
            fields = {name: _value(inner, name, *subject, key, name) for name, inner in kind.fields.items()}
            return fields if kind.form == "object" else [fields]
    return _SCALARS.get(kind.form)


def _text(key: str, *subject: str) -> str:
    name = key.lower()
    if "ipv6" not in name and name.endswith(("cidr", "cidrblock", "cidrip")):
        return marked_network()
    if name.endswith("arn"):
        return marked_text("arn:aws:service:region:123456789012:", *subject)
    return marked_text("", *subject)
