"""Writes a synthesised stack as a Terraform plan in JSON, so that scanners which know Terraform alone can look at it.

The two providers share their schema, which pulumi-aws is generated from: names differ in case, in singular and plural
of blocks, and in a few types. What is said here is what a plan of the same resources would say, references included.
"""

import json
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from leanto.check.results import Synthesis, SynthesisedResource

PROVIDER = "registry.terraform.io/hashicorp/aws"

TYPES: Mapping[str, str] = MappingProxyType(
    {
        "apigateway/response": "api_gateway_gateway_response",
        "autoscaling/group": "autoscaling_group",
        "ec2/launchTemplate": "launch_template",
        "lambda/functionEventInvokeConfig": "lambda_function_event_invoke_config",
        "s3/bucketObjectv2": "s3_object",
        "vpc/securityGroupEgressRule": "vpc_security_group_egress_rule",
        "vpc/securityGroupIngressRule": "vpc_security_group_ingress_rule",
    }
)
"""Terraform's types, without "aws_", where they are not made by the rule below."""

SERVICES: Mapping[str, str] = MappingProxyType(
    {"apigateway": "api_gateway_", "budgets": "budgets_", "ec2": "", "iam": "iam_", "secretsmanager": "secretsmanager_"}
)
"""How a service begins Terraform's name of its types, where it is not `<service>_`."""

MAPS = frozenset({"tags", "tagsAll", "variables", "dimensions", "responseParameters", "responseTemplates", "triggers"})
"""Properties that are maps in Terraform as well; every other object is a block there, written as a list."""

SINGULAR: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "aws_s3_bucket_lifecycle_configuration": {"rules": "rule"},
        "aws_s3_bucket_server_side_encryption_configuration": {"rules": "rule"},
        "aws_autoscaling_group": {"tags": "tag", "overrides": "override", "vpcZoneIdentifiers": "vpc_zone_identifier"},
        "aws_dynamodb_table": {"attributes": "attribute"},
        "aws_budgets_budget": {"notifications": "notification", "costFilters": "cost_filter"},
        "aws_cloudwatch_metric_alarm": {"metricQueries": "metric_query"},
        "aws_api_gateway_rest_api": {},
        "aws_lambda_function": {"name": "function_name"},
        "aws_lambda_permission": {"function": "function_name"},
        "aws_api_gateway_method": {"restApi": "rest_api_id"},
        "aws_api_gateway_stage": {"restApi": "rest_api_id", "deployment": "deployment_id"},
        "aws_api_gateway_method_settings": {"restApi": "rest_api_id"},
        "aws_sns_topic_subscription": {"topic": "topic_arn"},
    }
)
"""Properties that Pulumi names otherwise than Terraform does in snake case."""


def plan(synthesis: Synthesis) -> dict[str, Any]:
    """Return the plan of a stack that does not exist yet."""
    rows = synthesis.owned()
    addresses = {row.urn: f"{terraform_type(row.type)}.{_name(row)}" for row in rows}
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": [_planned(row, addresses[row.urn]) for row in rows]}},
        "resource_changes": [_change(row, addresses[row.urn]) for row in rows],
        "configuration": {
            "provider_config": {"aws": {"name": "aws", "full_name": PROVIDER}},
            "root_module": {"resources": [_configured(row, addresses) for row in rows]},
        },
    }


def text(synthesis: Synthesis) -> str:
    """Return the plan as JSON text."""
    return json.dumps(plan(synthesis), indent=1, default=str)


def terraform_type(token: str) -> str:
    """Return Terraform's name of a type, such as `aws_lambda_function` of `aws:lambda/function:Function`."""
    _, path, _ = token.split(":")
    if path in TYPES:
        return f"aws_{TYPES[path]}"
    service, _, kind = path.partition("/")
    return f"aws_{SERVICES.get(service, service + '_')}{_snake(kind)}"


def _planned(row: SynthesisedResource, address: str) -> dict[str, Any]:
    provided = {"provider_name": PROVIDER, "schema_version": 0}
    return _named(address) | provided | {"values": _values(row, _kind(address))}


def _change(row: SynthesisedResource, address: str) -> dict[str, Any]:
    after = _values(row, _kind(address))
    change = {"actions": ["create"], "before": None, "after": after, "after_unknown": {}}
    return _named(address) | {"provider_name": PROVIDER, "change": change}


def _configured(row: SynthesisedResource, addresses: Mapping[str, str]) -> dict[str, Any]:
    address = addresses[row.urn]
    kind = _kind(address)
    expressions = {
        _key(kind, key): {"references": _references(row.property_dependencies.get(key, ()), addresses)}
        for key in row.inputs
        if row.property_dependencies.get(key)
    }
    return _named(address) | {"provider_config_key": "aws", "expressions": expressions}


def _named(address: str) -> dict[str, Any]:
    kind, _, name = address.partition(".")
    return {"address": address, "mode": "managed", "type": kind, "name": name}


def _kind(address: str) -> str:
    return address.partition(".")[0]


def _references(urns: Iterable[str], addresses: Mapping[str, str]) -> list[str]:
    return [text for urn in urns if urn in addresses for text in (f"{addresses[urn]}.id", addresses[urn])]


def _values(row: SynthesisedResource, kind: str) -> dict[str, Any]:
    return {_key(kind, key): _value(kind, key, value) for key, value in row.inputs.items() if not key.startswith("__")}


def _value(kind: str, key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        if key in MAPS:
            return dict(value)
        return [{_key(kind, name): _value(kind, name, row) for name, row in value.items()}]
    if isinstance(value, list):
        return [row for one in value for row in _rows(kind, key, one)]
    return value


def _rows(kind: str, key: str, value: Any) -> Iterable[Any]:
    made = _value(kind, key, value)
    return made if isinstance(made, list) else (made,)


def _key(kind: str, key: str) -> str:
    return SINGULAR.get(kind, {}).get(key, _snake(key))


def _name(row: SynthesisedResource) -> str:
    return re.sub(r"[^A-Za-z0-9_]", "_", row.name)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])|(?<=[A-Z])([A-Z])(?=[a-z])", r"_\1\2", name).lower()
