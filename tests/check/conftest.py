"""Two toy types and programs that use them: synthesis must not depend on which types there are."""

from typing import Any, ClassVar

import pulumi
import pytest

from leanto.embedded.plugin.resource import AutoName, Context, Props, Resource

CONFIGURATION = {"aws:region": "eu-central-1", "aws:defaultTags": '{"tags": {"owner": "team"}}', "demo:size": "2"}


class ThingType(Resource):
    """A type with a made-up name, tags, a default, a required input, and outputs that AWS makes up."""

    token = "aws:toy/thing:Thing"
    auto_name = AutoName()
    taggable = True
    defaults: ClassVar[dict[str, Any]] = {"colour": "grey"}
    required = frozenset({"size"})
    computed = frozenset({"arn", "url", "latestVersion"})

    def validate(self, inputs: Props) -> list[tuple[str, str]]:
        return [("size", "must be at most 9")] if inputs.get("size", 0) > 9 else []

    def create(self, ctx: Context, inputs: Props) -> str:
        raise NotImplementedError

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        raise NotImplementedError

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        raise NotImplementedError


class PartType(ThingType):
    """A type without name and tags."""

    token = "aws:toy/part:Part"
    auto_name = None
    taggable = False
    defaults: ClassVar[dict[str, Any]] = {}
    required = frozenset()
    computed = frozenset({"partId"})


TYPES: dict[str, Resource] = {kind.token: kind for kind in (ThingType(), PartType())}


class Thing(pulumi.CustomResource):
    """The SDK's side of ThingType."""

    arn: pulumi.Output[str]
    url: pulumi.Output[str]
    name: pulumi.Output[str]
    secretNote: pulumi.Output[str]  # noqa: N815

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **props: Any) -> None:
        outputs = dict.fromkeys(("arn", "url", "name", "latestVersion", "tagsAll", "secretNote"))
        super().__init__(ThingType.token, name, {**outputs, **props}, opts)


class Part(pulumi.CustomResource):
    """The SDK's side of PartType."""

    partId: pulumi.Output[str]  # noqa: N815

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **props: Any) -> None:
        super().__init__(PartType.token, name, {"partId": None, **props}, opts)


class Box(pulumi.ComponentResource):
    """A component with one thing inside."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("demo:parts:Box", name, None, opts)
        self.thing = Thing(f"{name}-thing", size=1, opts=pulumi.ResourceOptions(parent=self))
        self.register_outputs({"arn": self.thing.arn})


@pytest.fixture(autouse=True)
def _no_ambient_region(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
