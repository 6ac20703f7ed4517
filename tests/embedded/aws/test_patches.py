"""The patches still fit the moto that is installed."""

import ast
import importlib.metadata
import inspect
from types import ModuleType

import pytest

from leanto.embedded.aws.patches import PATCHES, apply_all

WRITTEN_FOR = "5.2.5"
PARAMETERS = {
    "alarm_actions": ["self", "alarm_name", "reason", "reason_data", "state_value"],
    "bucket_policy": ["self", "action", "resource"],
    "event_delivery": ["self", "body", "request_headers", "response_headers"],
    "group_health": ["self", "instance_ids"],
    "group_launch": ["self", "count_needed", "propagated_tags"],
    "group_update": [
        "self",
        "availability_zones",
        "desired_capacity",
        "max_size",
        "min_size",
        "launch_config_name",
        "launch_template",
        "vpc_zone_identifier",
        "health_check_period",
        "health_check_type",
        "new_instances_protected_from_scale_in",
        "mixed_instances_policy",
    ],
    "instance_end": ["self"],
    "marker_deletion": ["self", "key"],
    "object_version": ["self", "updated_spec"],
    "template_version": ["self", "data", "description"],
    "topic_delivery": [
        "self",
        "message",
        "message_id",
        "subject",
        "message_attributes",
        "group_id",
        "deduplication_id",
        "message_structure",
    ],
}


def name_of(patch: ModuleType) -> str:
    return patch.__name__.rpartition(".")[2]


def test_moto_is_the_version_that_the_patches_were_written_for() -> None:
    assert importlib.metadata.version("moto") == WRITTEN_FOR


@pytest.mark.parametrize("patch", PATCHES, ids=name_of)
def test_the_replaced_method_exists_with_the_arguments_it_is_replaced_with(patch: ModuleType) -> None:
    owner, name = patch.TARGET
    source = inspect.getsource(inspect.getmodule(owner) or owner)
    (definition,) = (node for node in ast.parse(source).body if getattr(node, "name", "") == owner.__name__)
    methods = {node.name: node for node in ast.walk(definition) if isinstance(node, ast.FunctionDef)}
    assert name in methods, f"moto no longer defines {owner.__name__}.{name}"
    assert [argument.arg for argument in methods[name].args.args] == PARAMETERS[name_of(patch)]
    assert len(inspect.signature(patch.replacement).parameters) == len(PARAMETERS[name_of(patch)])


@pytest.mark.parametrize("patch", PATCHES, ids=name_of)
def test_each_patch_says_which_moto_it_was_written_for(patch: ModuleType) -> None:
    assert f"Written for moto {WRITTEN_FOR}" in (patch.__doc__ or "")


def test_applying_twice_changes_nothing_more() -> None:
    apply_all()
    first = [getattr(*patch.TARGET) for patch in PATCHES]
    apply_all()
    assert [getattr(*patch.TARGET) for patch in PATCHES] == first == [patch.replacement for patch in PATCHES]
