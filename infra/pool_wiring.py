"""Puts together what a stack with a GPU pool has beside the rest: network, relay, nodes."""

from dataclasses import dataclass
from typing import Any

import pulumi

from infra.bundles import NODE
from infra.components.network import Network, NetworkArgs
from infra.components.pool import Pool, PoolArgs
from infra.components.private_bucket import PrivateBucket
from infra.components.relay import Relay, RelayArgs
from infra.components.storage import FLOW_PREFIX
from infra.defaults import FUNCTION_MARGIN_SECONDS, RELAY_MEMORY_MIB, FunctionSize
from infra.foundation import Base, Site, surroundings
from infra.node import QUEUE_PER_SLOT
from infra.serving import Serving, serving
from infra.settings import Settings

Outputs = dict[str, Any]


@dataclass(frozen=True)
class PoolParts:
    """The function that reaches the nodes, and what the pool adds to the stack's outputs."""

    relay: Relay
    outputs: Outputs


def pool_parts(site: Site, base: Base, opts: pulumi.ResourceOptions) -> PoolParts | None:
    """Declare the GPU pool, if the mode has one."""
    bucket, key_arn = base.storage.pool, base.keys.pool_arn
    if bucket is None or key_arn is None:
        return None
    network = _network(site, bucket, opts)
    relay = _relay(site, base, network, opts)
    settings, names = site.settings, site.names
    pool_args = PoolArgs(
        names,
        network.subnet_ids,
        network.node_security_group_id,
        bucket,
        base.keys.data_arn,
        key_arn,
        site.bundles[NODE],
        serving(settings, site.tables),
        settings.gpu_engine_image,
        settings.gpu_engine_archive_sha256,
        settings.gpu_ami_id,
        settings.gpu_instance_types,
        settings.gpu_maximum_nodes,
        settings.gpu_spot,
        site.tags,
    )
    pool = Pool(names.component("pool"), pool_args, opts)
    outputs = {"pool_bucket_name": bucket.name, "group_name": pool.group_name, "relay_function_name": relay.name}
    return PoolParts(relay, outputs)


def relay_size(settings: Settings, served: Serving) -> FunctionSize:
    """Return the size of the relay: as many at a time as all nodes take on, if the gateway has that many requests."""
    most = settings.gpu_maximum_nodes * served.slots * (1 + QUEUE_PER_SLOT)
    return FunctionSize(
        RELAY_MEMORY_MIB,
        settings.request_timeout_seconds + FUNCTION_MARGIN_SECONDS,
        min(settings.gateway_reserved_concurrency, most),
    )


def _network(site: Site, bucket: PrivateBucket, opts: pulumi.ResourceOptions) -> Network:
    flows = pulumi.Output.concat(bucket.arn, f"/{FLOW_PREFIX}") if site.caution.record_flows else None
    args = NetworkArgs(site.names, site.settings.vpc_cidr, site.zones, bucket.arn, flows)
    return Network(site.names.component("network"), args, opts)


def _relay(site: Site, base: Base, network: Network, opts: pulumi.ResourceOptions) -> Relay:
    size = relay_size(site.settings, serving(site.settings, site.tables))
    args = RelayArgs(surroundings(site, base), site.bundles["relay"], size, network)
    return Relay(site.names.component("relay"), args, opts)
