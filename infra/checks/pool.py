"""The GPU pool: instance types with a known price in the region, a pinned image, a network that is large enough."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from catalog.engine_images import same_image
from catalog.rows import Catalogue
from infra.checks.values import Check, Values, good
from infra.problems import Problem, closest, listed, shown

TYPES = "leanto:gpuInstanceTypes"
IMAGE, ARCHIVE = "leanto:gpuEngineImage", "leanto:gpuEngineArchiveSha256"
PIN_ENGINE = "write both pins of the engine with `leanto engine-image pin --stack STACK`"
PRIVATE_RANGES = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
DOCKER_RANGE = IPv4Network("172.17.0.0/16")
"""The bridge of the container engine on the nodes."""
LONGEST_PREFIX, SHORTEST_PREFIX = 24, 16
CIDR_WORDS = "a private IPv4 range of /16 to /24 that begins at its first address and does not touch 172.17.0.0/16"


def instance_types(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """The catalogue knows each instance type and what it costs in the region: an unknown price is no price."""
    if values.mode == "managed":
        return
    region = values.region
    priced = sorted(kind for kind in tables.instances if (kind, region) in tables.instance_prices)
    for index, kind in good(values.gpu_instance_types):
        if kind not in tables.instances:
            remedy = closest(kind, tables.instances) or "add its row to catalog/data/instances.toml"
            yield Problem(f"{TYPES}[{index}]", shown(kind), listed(sorted(tables.instances)), remedy)
        elif kind not in priced:
            remedy = "choose another type or region, or add its price to catalog/data/instances.toml"
            words = f"types with a known price in {region}: {listed(priced)}"
            yield Problem(f"{TYPES}[{index}]", shown(kind), words, remedy)


def one_architecture(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """All instance types run the same machine image, so they have one architecture."""
    if values.mode == "managed":
        return
    known = [kind for _, kind in good(values.gpu_instance_types) if kind in tables.instances]
    if len({tables.instances[kind].architecture for kind in known}) > 1:
        each = ", ".join(f"{kind} is {tables.instances[kind].architecture}" for kind in known)
        yield Problem(TYPES, each, "types of one architecture", "remove the types of the other one")


def pinned_image(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """The image is an id that stands in the stack file: never the newest of the day of deployment."""
    del tables
    if values.mode != "managed" and not values.gpu_ami_id:
        remedy = "write the newest image of the region with `leanto ami pin --stack STACK`"
        yield Problem("leanto:gpuAmiId", '""', f"an image id of {values.region}", remedy)


def engine_image(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """The engine is an image by its digest that the stack file names, and none that is known to be another engine."""
    if values.mode == "managed":
        return
    image, engine = values.gpu_engine_image, values.gpu_engine
    if not image:
        yield Problem(IMAGE, '""', f"a container image of {engine} by its digest", PIN_ENGINE)
        return
    known = same_image(image, tables.engine_images.values())
    if known is not None and known.engine != engine:
        yield Problem(
            IMAGE, f"an image of {known.engine}", f"one of {engine}, which leanto:gpuEngine names", PIN_ENGINE
        )


def engine_archive(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """What nodes load the engine from is known to the byte before any is started."""
    del tables
    if values.mode != "managed" and not values.gpu_engine_archive_sha256:
        yield Problem(ARCHIVE, '""', "the SHA-256 of the archive of leanto:gpuEngineImage", PIN_ENGINE)


def network_range(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """The network is private, large enough for its subnets and not that of the nodes' containers."""
    del tables
    try:
        network = IPv4Network(values.vpc_cidr)
        fits = SHORTEST_PREFIX <= network.prefixlen <= LONGEST_PREFIX
        private = any(network.subnet_of(one) for one in PRIVATE_RANGES)
        apart = not network.overlaps(DOCKER_RANGE)
    except ValueError:
        fits = private = apart = False
    if not (fits and private and apart):
        yield Problem("leanto:vpcCidr", shown(values.vpc_cidr), CIDR_WORDS, "choose one such as 10.64.0.0/20")


CHECKS: tuple[Check, ...] = (
    instance_types,
    one_architecture,
    pinned_image,
    engine_image,
    engine_archive,
    network_range,
)
