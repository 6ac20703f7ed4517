"""What becomes of a chat request's fields that an upstream names otherwise, or would ignore or refuse; pure.

A field that is ignored in silence gives an answer that is not the one that was asked for, as with a schema that is not
kept to. So it is refused, unless the route says that such fields are to be left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

_NONE: Mapping[str, Any] = MappingProxyType({})
EACH = "[]"
"""Ends the name of a list in a path, whose items are then meant: tools[].function.strict."""

DEFAULTS: Mapping[str, tuple[Any, ...]] = MappingProxyType(
    {
        "frequency_penalty": (0,),
        "logit_bias": ({},),
        "logprobs": (False,),
        "metadata": ({},),
        "modalities": (["text"],),
        "presence_penalty": (0,),
        "response_format": ({"type": "text"},),
        "service_tier": ("auto", "default"),
        "store": (False,),
        "strict": (False,),
        "top_logprobs": (0,),
    }
)
"""Values of OpenAI's fields that ask for what happens anyway; null always does."""


@dataclass(frozen=True)
class FieldRules:
    """What a provider does with the fields of OpenAI's chat requests.

    `renamed`: OpenAI's name -> the provider's. `unsupported`: paths of fields that it ignores or refuses. `maxima`: the
    highest value of a field, above which it takes the highest without a word.
    """

    renamed: Mapping[str, str] = field(default_factory=lambda: _NONE)
    unsupported: tuple[str, ...] = ()
    maxima: Mapping[str, float] = field(default_factory=lambda: _NONE)


@dataclass(frozen=True)
class Changes:
    """What is changed in a request's members: new names, those left out, and those that get another value."""

    renamed: Mapping[str, str]
    removed: frozenset[str]
    replaced: Mapping[str, Any]

    def __bool__(self) -> bool:
        """Whether anything is changed."""
        return bool(self.renamed or self.removed or self.replaced)


class UnsupportedFieldError(ValueError):
    """A field that the provider would not act upon; `param` is its path, the text says what would become of it."""

    def __init__(self, param: str, reason: str):
        super().__init__(reason)
        self.param = param
        self.reason = reason


def changes_for(fields: Mapping[str, Any], rules: FieldRules, *, drop: bool) -> Changes:
    """Return what a request's fields need to reach a provider; raises UnsupportedFieldError unless `drop` is set."""
    unsupported = [path for path in rules.unsupported if _asks(fields, path.split("."))]
    if not drop:
        for path in unsupported:
            raise UnsupportedFieldError(path.replace(EACH, ""), "would not act upon it")
        for name, most in rules.maxima.items():
            value = fields.get(name)
            if isinstance(value, int | float) and not isinstance(value, bool) and value > most:
                raise UnsupportedFieldError(name, f"takes at most {most:g}, and anything above as {most:g}")
    nested = [path for path in unsupported if "." in path]
    changed: dict[str, Any] = {}
    for path in nested:
        name, *rest = path.split(".")
        key = name.removesuffix(EACH)
        changed[key] = _without({key: changed.get(key, fields[key])}, [name, *rest])[key]
    return Changes(
        # With both names given, the provider says itself what it makes of that.
        renamed={name: new for name, new in rules.renamed.items() if name in fields and new not in fields},
        removed=frozenset(unsupported) - frozenset(nested),
        replaced=changed,
    )


def _asks(value: Any, path: list[str]) -> bool:
    """Return whether an object has something at a path that asks for other than what happens anyway."""
    name, *rest = path
    key = name.removesuffix(EACH)
    if not isinstance(value, Mapping) or value.get(key) is None:
        return False
    if not rest:
        return value[key] not in DEFAULTS.get(key, ())
    if not name.endswith(EACH):
        return _asks(value[key], rest)
    return isinstance(value[key], list) and any(_asks(item, rest) for item in value[key])


def _without(value: Any, path: list[str]) -> Any:
    """Return an object without what stands at a path; what has no such place is returned as it is."""
    name, *rest = path
    key = name.removesuffix(EACH)
    if not isinstance(value, Mapping) or key not in value:
        return value
    if not rest:
        return {member: each for member, each in value.items() if member != key}
    inner = value[key]
    if not name.endswith(EACH):
        return {**value, key: _without(inner, rest)}
    return {**value, key: [_without(item, rest) for item in inner]} if isinstance(inner, list) else dict(value)
