"""What use adds to things that store and pass on data: tables, buckets, keys, secrets, topics, queues, gateways.

AWS caps the throughput of a table and nothing else here: the rest has declared limits.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from catalog.charges import balancer_kind, is_interface
from catalog.deployed import DeployedResource, block_of, blocks, flag, number, text
from catalog.pricing import Unbounded
from catalog.view import Cap, Charge, Charges, View, declared, scaled, used

SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"


def table(resource: DeployedResource, view: View) -> Iterator[Charge]:
    """A table paid by use costs what its maximum throughput lets through all month; its indexes have their own."""
    if text(resource.properties, "billingMode", "PROVISIONED") == "PAY_PER_REQUEST":
        yield from _throughput(resource.properties, resource.name, view)
        for place, index in enumerate(blocks(resource.properties, "globalSecondaryIndexes")):
            yield from _throughput(index, f"{resource.name}.globalSecondaryIndexes[{place}]", view)
    else:
        # What one unit costs stands in no table, and autoscaling may move their number.
        yield Charge("dynamodb.provisioned-units", Decimal(1), Decimal(1), f"{resource.name}.billingMode")
    if blocks(resource.properties, "replicas"):
        yield Charge("dynamodb.replicas", Decimal(1), Decimal(1), f"{resource.name}.replicas")
    stored = declared(view.usage.stored_gb, "storedGb", f"the data in {resource.name}")
    yield used(view, "dynamodb.storage", Decimal(0), stored, resource.name)
    if flag(block_of(resource.properties, "pointInTimeRecovery"), "enabled"):
        yield used(view, "dynamodb.point-in-time-recovery", Decimal(0), stored, resource.name)


def _throughput(block: Mapping[str, Any], name: str, view: View) -> Iterator[Charge]:
    limits = block_of(block, "onDemandThroughput")
    for item, key in (
        ("dynamodb.read-units", "maxReadRequestUnits"),
        ("dynamodb.write-units", "maxWriteRequestUnits"),
    ):
        units = number(limits, key)
        knob = f"{name}.onDemandThroughput.{key}"
        if units is None or units < 0:
            cap = Cap(Unbounded(f"set {knob}"), knob, "on demand without a maximum")
        else:
            cap = Cap(units * view.seconds, knob, f"{units:f} units a second all month")
        # A request reads and writes several rows.
        yield used(view, item, view.usage.expected_requests * 10, cap, name)


def bucket(resource: DeployedResource, view: View) -> Iterator[Charge]:
    """A bucket costs its data and the requests to it."""
    usage, name = view.usage, resource.name
    stored = declared(usage.stored_gb, "storedGb", f"the data in {name}")
    yield used(view, "s3.storage", Decimal(1), stored, name)
    for item, direction in (("s3.writes", "writes to"), ("s3.reads", "reads of")):
        requests = declared(usage.store_requests, "storeRequests", f"{direction} {name}")
        yield used(view, item, Decimal(10_000), requests, name)


def of_a_bucket(resource: DeployedResource, view: View) -> Iterator[Charge]:
    """An object is part of what its bucket holds, a flow log in a bucket too."""
    del resource, view
    yield from ()


def repository(resource: DeployedResource, view: View) -> Iterator[Charge]:
    """A repository of images costs its data."""
    stored = declared(view.usage.stored_gb, "storedGb", f"the images in {resource.name}")
    yield used(view, "ecr.storage", Decimal(1), stored, resource.name)


def requests_to(item: str) -> Charges:
    """Return what the requests to a key or a secret cost."""

    def charges(resource: DeployedResource, view: View) -> Iterator[Charge]:
        cap = declared(view.usage.store_requests, "storeRequests", f"requests to {resource.name}")
        yield used(view, item, Decimal(10_000), cap, resource.name)

    return charges


def topic(resource: DeployedResource, view: View) -> Iterator[Charge]:
    """A topic costs its messages, and each mail of each."""
    cap = declared(view.usage.messages, "messages", f"the messages of {resource.name}")
    yield used(view, "sns.requests", Decimal(100), cap, resource.name)
    subscriptions = view.stack.pointing_at(resource, SUBSCRIPTION, "topic")
    mails = Decimal(sum(text(row.properties, "protocol").startswith("email") for row in subscriptions))
    if mails:
        all_mails = Cap(scaled(cap.most, mails), cap.knob, f"{cap.basis}, to {mails} addresses")
        yield used(view, "sns.emails", 100 * mails, all_mails, resource.name)


def queue(resource: DeployedResource, view: View) -> Iterator[Charge]:
    """A queue costs three requests a message: to send, receive and delete it."""
    cap = declared(view.usage.messages, "messages", f"the messages of {resource.name}")
    three = Cap(scaled(cap.most, Decimal(3)), cap.knob, f"{cap.basis}, three requests each")
    yield used(view, "sqs.requests", Decimal(300), three, resource.name)


def schedule(resource: DeployedResource, view: View) -> Iterator[Charge]:
    """A schedule fires once a minute at most."""
    minutes = Cap(view.hours * 60, f"{resource.name}.scheduleExpression", "at most once a minute")
    yield used(view, "scheduler.invocations", view.hours, minutes, resource.name)


def nat_gateway(resource: DeployedResource, view: View) -> Iterator[Charge]:
    """A NAT gateway costs each GB through it, and nothing of AWS bounds them."""
    cap = declared(view.usage.data_gb, "dataGb", f"the data through {resource.name}")
    yield used(view, "vpc.nat-gateway-data", Decimal(10), cap, resource.name)


def endpoint(resource: DeployedResource, view: View) -> Iterator[Charge]:
    """An interface endpoint costs each GB through it."""
    if is_interface(resource):
        cap = declared(view.usage.data_gb, "dataGb", f"the data through {resource.name}")
        yield used(view, "vpc.interface-endpoint-data", Decimal(10), cap, resource.name)


def load_balancer(resource: DeployedResource, view: View) -> Iterator[Charge]:
    """A load balancer costs capacity units: one of them carries 1 GB an hour, so many GB need as many unit hours."""
    item = f"elb.{balancer_kind(resource)}-capacity-unit"
    cap = declared(view.usage.data_gb, "dataGb", f"the data through {resource.name}")
    units = Cap(scaled(cap.most, 1 / view.hours), cap.knob, cap.basis)
    yield used(view, item, Decimal(10) / view.hours, units, resource.name)


def firewall(resource: DeployedResource, view: View) -> Iterator[Charge]:
    """A web ACL looks at every request before anything is throttled, so that only a declared limit bounds it."""
    cap = declared(view.usage.requests, "requests", f"the requests that {resource.name} looks at")
    yield used(view, "waf.requests", view.usage.expected_requests, cap, resource.name)


def flow_log(resource: DeployedResource, view: View) -> Iterator[Charge]:
    """A flow log's delivery costs at most what log data costs that is taken in."""
    cap = declared(view.usage.log_gb, "logGb", f"the flows that {resource.name} records")
    yield used(view, "cloudwatch.logs-ingest", Decimal(1), cap, resource.name)
