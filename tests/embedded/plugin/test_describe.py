"""Claim: what the registry and its description say of each type holds together and covers what the program may use."""

import importlib
import inspect

import pytest

from leanto.embedded.plugin.describe import as_markdown, served_functions, served_types
from leanto.embedded.plugin.emulated import EmulatedResource
from leanto.embedded.plugin.registry import FILES, RESOURCES, joined
from leanto.embedded.plugin.resource import Resource

OURS = {
    "aws:dynamodb/table:Table",
    "aws:iam/instanceProfile:InstanceProfile",
    "aws:iam/role:Role",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:kms/alias:Alias",
    "aws:kms/key:Key",
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:secretsmanager/secret:Secret",
}

each_type = pytest.mark.parametrize("resource", RESOURCES.values(), ids=lambda one: one.token)


def sdk_class(token: str) -> type:
    """Return the class of the official SDK for a type."""
    _, module, name = token.split(":")
    service = importlib.import_module(f"pulumi_aws.{module.split('/')[0].replace('lambda', 'lambda_')}")
    found: type = getattr(service, name)
    return found


def sdk_names(token: str) -> tuple[set[str], set[str]]:
    """Return (inputs, outputs) of the official SDK in the provider's spelling."""
    found = sdk_class(token)
    given = inspect.signature(found._internal_init).parameters  # type: ignore[attr-defined]
    inputs = {_camel(name) for name in given} - {"_Self", "resourceName", "opts", "_Props__", "self"}
    outputs = {_camel(name) for name, value in vars(found).items() if isinstance(value, property)}
    return inputs, outputs


def _camel(name: str) -> str:
    head, *rest = name.removesuffix("_").split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def test_the_types_of_data_and_identity_are_served() -> None:
    assert set(RESOURCES) >= OURS


@each_type
def test_inputs_and_outputs_are_those_of_the_official_sdk(resource: Resource) -> None:
    inputs, outputs = sdk_names(resource.token)
    assert resource.accepts - inputs == set()
    assert resource.computed - inputs - outputs == set()
    assert ("region" in inputs) == resource.regional
    assert ("tagsAll" in outputs) == resource.taggable


@each_type
def test_what_a_type_declares_names_its_own_inputs(resource: Resource) -> None:
    fixed = set(resource.fixed) if isinstance(resource, EmulatedResource) else set()
    given = resource.accepts | fixed | {"region", "tagsAll"}
    named = {
        "defaults": set(resource.defaults),
        "input_only": resource.input_only,
        "json_documents": resource.json_documents,
        "replace_on": resource.replace_on,
        "required": resource.required,
        "unordered": resource.unordered,
        "auto_name": {resource.auto_name.property} if resource.auto_name else set(),
        "recomputed": {cause for causes in resource.recomputed.values() for cause in causes},
    }
    assert {what: strays for what, names in named.items() if (strays := set(names) - given)} == {}


def test_a_type_that_is_served_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="served twice"):
        joined((*FILES, FILES[0]))


def test_the_description_has_each_type_and_function_once() -> None:
    text = as_markdown()
    for token in (*RESOURCES, *served_functions()):
        assert text.count(f"`{token}`") == 1
    table = next(one for one in served_types() if one.token == "aws:dynamodb/table:Table")
    assert table.side_stored == (
        "globalSecondaryIndexes.onDemandThroughput",
        "onDemandThroughput",
        "serverSideEncryption",
        "tableClass",
    )
    assert table.replaced_by == ("hashKey", "localSecondaryIndexes", "name", "rangeKey", "region")
