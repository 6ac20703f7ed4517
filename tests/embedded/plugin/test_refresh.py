"""Claim: a refresh shows drift of everything the program set, and of nothing else."""

from collections.abc import Mapping

import pytest

from leanto.embedded.plugin.difference import difference
from leanto.embedded.plugin.refresh import imported_inputs, refreshed_inputs
from leanto.embedded.plugin.resource import Context, Props, Resource


class Thing(Resource):
    """A type with one property of each kind."""

    token = "test:index/thing:Thing"
    computed = frozenset({"arn", "maybe"})
    accepts = frozenset({"maybe", "size"})
    unordered = frozenset({"members"})
    json_documents = frozenset({"policy"})
    computed_fields = frozenset({"block.madeUp", "members.madeUp"})

    def create(self, ctx: Context, inputs: Props) -> str:
        raise NotImplementedError

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        raise NotImplementedError

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        raise NotImplementedError


THING = Thing()


def drift(inputs: Mapping[str, object], outputs: Mapping[str, object]) -> tuple[str, ...]:
    """Return what the next preview shows."""
    seen = refreshed_inputs(THING, dict(inputs), dict(outputs))
    return tuple(path for path, _ in difference(THING, seen, inputs).paths)


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        ({"size": 1}, {"size": 1, "arn": "made up", "colour": "default"}),
        ({"policy": '{"a": 1}'}, {"policy": '{"a":1}'}),
        ({"members": [{"a": 1}, {"a": 2}]}, {"members": [{"a": 2, "madeUp": 7}, {"a": 1}]}),
        ({"block": {"on": True}}, {"block": {"on": True, "madeUp": "key", "off": False, "text": ""}}),
        ({"block": {"on": True, "off": False}}, {"block": {"on": True}}),
        ({"port": "443", "on": "true"}, {"port": 443, "on": True}),
        ({"tags": {}, "text": ""}, {}),
    ],
    ids=["outputs", "document", "set", "computed-fields", "false-left-out", "number-as-text", "empty"],
)
def test_what_is_as_the_program_said_shows_nothing(inputs: Props, outputs: Props) -> None:
    assert drift(inputs, outputs) == ()


@pytest.mark.parametrize(
    ("inputs", "outputs", "shown"),
    [
        ({"size": 1}, {"size": 2}, ("size",)),
        ({"size": 1}, {}, ("size",)),
        ({"tags": {"a": "1"}}, {"tags": {"a": "1", "b": "2"}}, ("tags.b",)),
        ({"tags": {"a": "1"}}, {"tags": {}}, ("tags.a",)),
        ({"members": [{"a": 1}, {"a": 2}]}, {"members": [{"a": 2}]}, ("members[0].a", "members[1]")),
        ({"block": {"on": True}}, {"block": {"on": False}}, ("block.on",)),
        ({"policy": '{"a": 1}'}, {"policy": '{"a": 2}'}, ("policy",)),
        ({"on": True}, {"on": 1}, ("on",)),
    ],
)
def test_what_is_otherwise_shows_at_its_place(inputs: Props, outputs: Props, shown: tuple[str, ...]) -> None:
    assert drift(inputs, outputs) == shown


def test_defaults_stay_known_as_defaults() -> None:
    seen = refreshed_inputs(
        THING, {"size": 1, "name": "n-1", "__defaults": ["name", "lost"]}, {"size": 1, "name": "n-1"}
    )
    assert seen["__defaults"] == ["name"]


def test_an_import_takes_what_a_program_would_write() -> None:
    outputs = {"arn": "made up", "maybe": 3, "size": 1, "tags": {}, "text": ""}
    assert imported_inputs(THING, outputs) == {"maybe": 3, "size": 1, "__defaults": []}
