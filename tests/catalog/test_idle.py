"""Claim: an idle month is the sum of what exists, by hand-computed cases; what is unknown is said, not skipped."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from catalog.charges import PRICED
from catalog.deployed import DeployedResource
from catalog.free import FREE
from catalog.idle import idle_month
from catalog.nodes import POOL
from catalog.pricing import Line, Unknown, total
from catalog.use import USED

KEY = "aws:kms/key:Key"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
GROUP = "aws:autoscaling/group:Group"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"


def resource(kind: str, name: str = "r", **properties: Any) -> DeployedResource:
    return DeployedResource(kind, name, properties)


def bounds(*resources: DeployedResource, region: str = "us-east-1") -> Mapping[str, tuple[Any, Any]]:
    return {line.item: (line.low, line.high) for line in idle_month(resources, region)}


def only(*resources: DeployedResource, region: str = "us-east-1") -> Line:
    (line,) = idle_month(resources, region)
    return line


def instances(*resources: DeployedResource) -> Line:
    (line,) = (line for line in idle_month(resources, "us-east-1") if line.item.startswith("ec2."))
    return line


def test_a_type_stands_in_one_table_only() -> None:
    tables = [set(FREE), set(USED), set(PRICED), set(POOL)]
    assert sum(len(table) for table in tables) == len(set().union(*tables))


def test_a_key_costs_a_dollar_and_its_first_two_rotations_a_dollar_each_in_time() -> None:
    assert bounds(resource(KEY, enableKeyRotation=True)) == {
        "kms.key": (Decimal(1), Decimal(1)),
        "kms.key-rotation": (Decimal(0), Decimal(2)),
    }
    assert bounds(resource(KEY)) == {"kms.key": (Decimal(1), Decimal(1))}


def test_resources_of_a_kind_share_a_line_that_names_them() -> None:
    line = only(*(resource("aws:secretsmanager/secret:Secret", name) for name in ("openai", "google")))
    assert (line.resources, line.quantity, line.unit) == (("openai", "google"), Decimal(2), "secret-month")
    assert (line.low, line.high) == (Decimal("0.8"), Decimal("0.8"))
    assert line.source
    assert line.date is not None


@pytest.mark.parametrize(("alarms", "low"), [(9, "0"), (10, "0"), (11, "0.1"), (25, "1.5")])
def test_the_first_ten_alarms_are_free_in_the_lower_bound_only(alarms: int, low: str) -> None:
    assert bounds(*(resource(ALARM, f"a{n}", period=60) for n in range(alarms))) == {
        "cloudwatch.alarm": (Decimal(low), Decimal("0.1") * alarms)
    }


def test_an_alarm_on_an_expression_is_paid_for_each_metric() -> None:
    queries = [
        {"id": "e", "expression": "a+b"},
        {"id": "a", "metric": {"period": 60}},
        {"id": "b", "metric": {"period": 10}},
    ]
    assert bounds(resource(ALARM, metricQueries=queries)) == {
        "cloudwatch.alarm": (Decimal(0), Decimal("0.1")),
        "cloudwatch.alarm-high-resolution": (Decimal("0.3"), Decimal("0.3")),
    }


def test_dashboards_are_free_up_to_three_in_the_lower_bound() -> None:
    assert bounds(*(resource(DASHBOARD, f"d{n}") for n in range(4))) == {
        "cloudwatch.dashboard": (Decimal(3), Decimal(12))
    }


def test_a_gateway_endpoint_is_free_and_an_interface_endpoint_is_paid_in_each_zone() -> None:
    assert idle_month([resource(ENDPOINT), resource(ENDPOINT, vpcEndpointType="Gateway")], "us-east-1") == ()
    line = only(resource(ENDPOINT, vpcEndpointType="Interface", subnetIds=["a", "b"]), region="eu-central-1")
    assert (line.quantity, line.low, line.high) == (Decimal(1460), Decimal("17.52"), Decimal("17.52"))


def test_things_paid_by_the_hour_run_730_hours() -> None:
    assert bounds(resource("aws:ec2/natGateway:NatGateway"), resource("aws:ec2/eip:Eip")) == {
        "vpc.nat-gateway": (Decimal("32.85"), Decimal("32.85")),
        "vpc.public-ipv4": (Decimal("3.65"), Decimal("3.65")),
    }


def test_a_budget_action_after_the_first_two_costs_ten_cents_a_day() -> None:
    actions = [resource("aws:budgets/budgetAction:BudgetAction", f"b{n}") for n in range(3)]
    (low, high) = bounds(*actions)["budgets.budget-with-actions"]
    assert round(low, 6) == Decimal("2.925"), "91.25 days without the 62 free ones"
    assert round(high, 6) == Decimal("9.125")


def test_what_costs_only_with_use_has_a_line_of_zero_that_says_so() -> None:
    line = only(resource("aws:lambda/function:Function", "gateway"), resource("aws:lambda/function:Function", "stop"))
    assert (line.low, line.high, line.resources) == (Decimal(0), Decimal(0), ("gateway", "stop"))
    assert line.note == "by use: requests and run time"


def test_what_is_always_free_has_no_line() -> None:
    assert idle_month([resource(kind) for kind in sorted(FREE)] + [resource("pulumi:providers:aws")], "us-east-1") == ()


def test_an_unlisted_type_is_unknown_and_takes_the_upper_bound_away() -> None:
    lines = idle_month([resource("aws:rds/instance:Instance", "db"), resource(KEY)], "us-east-1")
    assert lines[0].item == "aws:rds/instance:Instance"
    assert isinstance(lines[0].low, Unknown)
    assert total(lines).low == Decimal(1)
    assert isinstance(total(lines).high, Unknown)


def test_a_region_without_a_price_is_unknown_not_free() -> None:
    line = only(resource(KEY), region="ap-south-1")
    assert (line.low, line.high) == (Unknown("no price of kms.key in ap-south-1 is listed"),) * 2


def test_a_cache_of_the_api_is_unknown_and_none_is_free() -> None:
    assert idle_month([resource("aws:apigateway/stage:Stage")], "us-east-1") == ()
    assert isinstance(only(resource("aws:apigateway/stage:Stage", cacheClusterEnabled=True)).high, Unknown)


def group(
    minimum: int, spot: bool = False, types: tuple[str, ...] = ("g6.xlarge", "g5.xlarge"), **more: Any
) -> DeployedResource:
    policy = {
        "launchTemplate": {"overrides": [{"instanceType": kind} for kind in types]},
        "instancesDistribution": {"onDemandPercentageAboveBaseCapacity": 0 if spot else 100},
    }
    return resource(GROUP, "pool", minSize=minimum, mixedInstancesPolicy=policy, **more)


def test_a_group_at_zero_costs_nothing_and_says_so() -> None:
    line = instances(group(0))
    assert (line.item, line.low, line.high) == ("ec2.g6.xlarge|g5.xlarge", Decimal(0), Decimal(0))
    assert line.note == "no instance runs at the minimum size 0"


def test_a_group_above_zero_costs_between_its_cheapest_and_its_dearest_type() -> None:
    line = instances(group(2))
    assert (line.quantity, line.low, line.high) == (Decimal(1460), Decimal("1175.008"), Decimal("1468.76"))
    assert instances(group(2, spot=True)).low == Decimal("557.136")
    assert instances(group(0, desiredCapacity=1)).quantity == Decimal(730)


def test_a_group_with_a_type_without_price_has_no_upper_bound() -> None:
    line = instances(group(1, types=("g6.xlarge", "p4d.24xlarge")))
    assert line.low == Decimal("587.504")
    assert line.high == Unknown("no price of p4d.24xlarge in us-east-1 is listed")
    assert isinstance(instances(resource(GROUP, minSize=1)).high, Unknown)


def test_nodes_bring_their_volumes_from_the_launch_template() -> None:
    template = resource(
        TEMPLATE, instanceType="g6.xlarge", blockDeviceMappings=[{"ebs": {"volumeType": "gp3", "volumeSize": 100}}]
    )
    assert bounds(resource(GROUP, minSize=2), template) == {
        "ec2.g6.xlarge": (Decimal("1175.008"), Decimal("1175.008")),
        "ebs.gp3-storage": (Decimal(16), Decimal(16)),
    }


def test_without_a_size_the_declared_one_of_the_image_counts() -> None:
    lines = {line.item: line for line in idle_month([group(1)], "us-east-1")}
    assert lines["ebs.gp3-storage"].high == Decimal(8)
    assert lines["ebs.gp3-storage"].basis == "the image decides the size: declared by imageGib"


def test_a_group_brings_the_volumes_of_its_own_template_only() -> None:
    def template(name: str, size: int) -> DeployedResource:
        volume = [{"ebs": {"volumeType": "gp3", "volumeSize": size}}]
        return DeployedResource(TEMPLATE, name, {"blockDeviceMappings": volume}, known_as=(f"urn:{name}", f"lt-{name}"))

    specification = {"launchTemplateSpecification": {"launchTemplateId": "lt-own"}}
    policy = {"launchTemplate": {**specification, "overrides": [{"instanceType": "g6.xlarge"}]}}
    by_id = resource(GROUP, minSize=1, mixedInstancesPolicy=policy)
    by_link = DeployedResource(
        GROUP, "r", {"minSize": 1, "mixedInstancesPolicy": group(1).properties["mixedInstancesPolicy"]},
        {"mixedInstancesPolicy": ("urn:own",)},
    )  # fmt: skip
    for one in (by_id, by_link):
        assert bounds(template("other", 500), template("own", 200), one)["ebs.gp3-storage"] == (Decimal(16),) * 2


def test_lines_come_unknown_first_then_dearest() -> None:
    lines = idle_month(
        [resource(KEY), resource(DASHBOARD), resource("aws:x/y:Z"), resource("aws:sns/topic:Topic")], "us-east-1"
    )
    assert [line.item for line in lines] == ["aws:x/y:Z", "cloudwatch.dashboard", "kms.key", "aws:sns/topic:Topic"]


def test_more_resources_never_cost_less() -> None:
    kinds = [resource(kind, minSize=1) for kind in (*PRICED, *USED)]
    for count in range(len(kinds)):
        assert (
            total(idle_month(kinds[: count + 1], "us-east-1")).low >= total(idle_month(kinds[:count], "us-east-1")).low
        )
