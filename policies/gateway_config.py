"""Finds what configures a gateway: deployment documents in layers and parameters, and the variables of programs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.endpoints import Destination, destination
from policies.leaves import ENVIRONMENTS, leaves
from policies.normalise import UNKNOWN
from policies.reading import Block, Unread, Value
from policies.stack import Item

FUNCTION = "aws:lambda/function:Function"
LAYER = "aws:lambda/layerVersion:LayerVersion"
PARAMETER = "aws:ssm/parameter:Parameter"
CONFIGURATION = "aws:appconfig/hostedConfigurationVersion:HostedConfigurationVersion"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
AGENT = "aws:bedrock/agentAgent:AgentAgent"
PROGRAMS = (
    FUNCTION,
    "aws:apprunner/service:Service",
    "aws:batch/jobDefinition:JobDefinition",
    "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime",
    "aws:codebuild/project:Project",
    "aws:ecs/taskDefinition:TaskDefinition",
    "aws:lightsail/containerServiceDeploymentVersion:ContainerServiceDeploymentVersion",
    "aws:sagemaker/model:Model",
)
"""Types that give variables to a program."""
CARRIERS = (LAYER, PARAMETER, CONFIGURATION, OBJECT, *PROGRAMS)
"""Types in which a gateway's configuration may lie."""
DOCUMENT_NAME = "deployment.json"
HELD_IN: Mapping[str, tuple[str, ...]] = {
    PARAMETER: ("value", "insecureValue"),
    CONFIGURATION: ("content",),
    OBJECT: ("content",),
}


@dataclass(frozen=True)
class Variable:
    """A named value that a program reads when it starts; the name in upper case, with underscores."""

    name: str
    value: Value


@dataclass(frozen=True)
class Upstream:
    """What answers a route: a model of the stack's own nodes, or one of a provider at a URL. Reads may raise Unread."""

    block: Block
    providers: Block

    @property
    def is_local(self) -> bool:
        """Whether the stack's own nodes answer."""
        return self.block.text("kind").lower() == "local" or not self.block.has("provider")

    @property
    def provider(self) -> str:
        """The provider's name in the document."""
        return self.block.text("provider")

    @property
    def model(self) -> str:
        """The model that is asked for, by the name that the provider or the node knows."""
        return self.block.text("model")

    @property
    def settings(self) -> Block:
        """What the document says of the provider."""
        return self.providers.block(self.provider)

    @property
    def url(self) -> str:
        """Where requests go."""
        return self.settings.text("base_url")

    @property
    def leads_to(self) -> Destination | None:
        """Where they are processed, None when the catalogue does not know the host."""
        return destination(self.url)


def variables(item: Item) -> tuple[Variable, ...]:
    """Return the variables that a resource gives to a program, and a parameter as one of its own.

    Raises Unread when it is not known which variables there are.
    """
    if item.type == PARAMETER:
        return _of_parameter(item)
    found = []
    for leaf in leaves(item):
        if not leaf.in_environment:
            continue
        if leaf.value.raw is UNKNOWN and _is_whole(leaf.name):
            raise Unread(leaf.value.path, "the value is not known yet")
        found.append(Variable(_upper(leaf.name), leaf.value))
    return tuple(found)


def documents(item: Item) -> tuple[Block, ...]:
    """Return the deployment documents in a resource. Raises Unread for one that cannot be read."""
    if item.type == LAYER:
        values = _assets(item)
    elif item.type in HELD_IN:
        values = tuple(value for key in HELD_IN[item.type] if (value := item.props.get(key)) is not None)
    else:
        values = tuple(Value(raw, path) for path, raw in _texts(item.inputs.get("environment"), "environment"))
    return tuple(block for value in values if (block := _document(value)) is not None)


def routes(document: Block) -> tuple[Value, ...]:
    """Return the routes of a document unread, so that each can be checked for itself."""
    return document.block_values("routes")


def upstreams(route: Block, document: Block) -> tuple[Upstream, ...]:
    """Return what answers a route, in the order in which it is asked."""
    return tuple(Upstream(block, document.block("providers")) for block in route.blocks("upstreams"))


def _of_parameter(item: Item) -> tuple[Variable, ...]:
    name = item.props.text("name").rpartition("/")[2] or item.name
    return tuple(
        Variable(_upper(name), value) for key in HELD_IN[PARAMETER] if (value := item.props.get(key)) is not None
    )


def _assets(item: Item) -> tuple[Value, ...]:
    """Return the texts of the JSON files in a layer. Of a file on disk or in a state, the text may not be known."""
    code = item.props.get("code")
    if code is None:
        return ()
    archive = code.block()
    found = []
    for name, asset in archive.mapping("assets").items():
        if name.endswith(".json"):
            block = asset.block()
            text = block.raw.get("text")
            if text is not None:
                found.append(Value(text, block.at("text")))
            elif name.rpartition("/")[2] == DOCUMENT_NAME:
                found.append(Value(UNKNOWN, block.at("text")))
    return tuple(found)


def _document(value: Value) -> Block | None:
    """Return a text as a deployment document, None when it is something else."""
    if value.raw is UNKNOWN:
        raise Unread(value.path, "the value is not known yet")
    if not isinstance(value.raw, str) or not value.raw.lstrip().startswith("{") or '"routes"' not in value.raw:
        return None
    found = value.document()
    return found if isinstance(found.raw.get("routes"), list) else None


def _texts(raw: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield the texts under a value that could be documents."""
    if isinstance(raw, str):
        yield path, raw
    elif isinstance(raw, Mapping):
        for key, row in raw.items():
            yield from _texts(row, f"{path}.{key}")
    elif isinstance(raw, list):
        for place, row in enumerate(raw):
            yield from _texts(row, f"{path}[{place}]")


def _is_whole(name: str) -> bool:
    return name.replace("_", "").lower() in (*ENVIRONMENTS, "variables")


def _upper(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name).upper()
