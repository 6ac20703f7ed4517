"""What belongs to a function: the permissions of its callers, and its layers."""

import json
import re
from types import MappingProxyType

from leanto.embedded.plugin.errors import RefusedError, absent
from leanto.embedded.plugin.kept import KeptResource
from leanto.embedded.plugin.lambda_calls import archive_record, code_location, deployed_archive
from leanto.embedded.plugin.resource import AutoName, Context, Props, Resource

MISSING = "ResourceNotFoundException"
_FUNCTION = re.compile(
    r"(arn:[\w-]+:lambda:[\w-]+:\d{12}:function:)?(?P<name>[\w-]+)(:(?P<qualifier>\$LATEST|[\w-]+))?"
)


class Permission(KeptResource):
    """One statement of a function's own policy."""

    token = "aws:lambda/permission:Permission"
    accepts = frozenset({"action", "function", "principal", "qualifier", "sourceAccount", "sourceArn", "statementId"})
    replace_on = accepts
    required = frozenset({"action", "function", "principal"})
    auto_name = AutoName(property="statementId", max_length=100)

    def create(self, ctx: Context, inputs: Props) -> str:
        """Add the statement; a second one of the same id is refused, as Lambda does and moto does not."""
        statement_id = str(inputs["statementId"])
        if self._statement(ctx, inputs, statement_id) is not None:
            message = f"The statement id ({statement_id}) provided already exists. Please provide a new statement id."
            raise RefusedError("ResourceConflictException", message)
        names = {
            "action": "Action",
            "function": "FunctionName",
            "principal": "Principal",
            "qualifier": "Qualifier",
            "sourceAccount": "SourceAccount",
            "sourceArn": "SourceArn",
            "statementId": "StatementId",
        }
        ctx.client("lambda").add_permission(**{api: inputs[key] for key, api in names.items() if key in inputs})
        return statement_id

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the statement as it is in the function's policy."""
        statement = self._statement(ctx, inputs, resource_id) if inputs else _anywhere(ctx, resource_id)
        if statement is None:
            return None
        principal, condition = statement["Principal"], statement.get("Condition", {})
        outputs = {
            "action": statement["Action"],
            "function": _spelt_like(inputs.get("function", ""), statement["Resource"]),
            "principal": principal if isinstance(principal, str) else next(iter(principal.values())),
            "qualifier": _qualifier(statement["Resource"]),
            "sourceAccount": condition.get("StringEquals", {}).get("AWS:SourceAccount"),
            "sourceArn": condition.get("ArnLike", {}).get("AWS:SourceArn"),
            "statementId": statement["Sid"],
        }
        return {key: value for key, value in outputs.items() if value is not None}

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Remove the statement."""
        qualifier = {"Qualifier": outputs["qualifier"]} if outputs.get("qualifier") else {}
        with absent(MISSING):
            ctx.client("lambda").remove_permission(
                FunctionName=outputs["function"], StatementId=resource_id, **qualifier
            )

    def _statement(self, ctx: Context, inputs: Props, statement_id: str) -> Props | None:
        qualifier = {"Qualifier": inputs["qualifier"]} if inputs.get("qualifier") else {}
        statements: list[Props] = []
        with absent(MISSING):
            answer = ctx.client("lambda").get_policy(FunctionName=inputs["function"], **qualifier)
            statements = json.loads(answer["Policy"])["Statement"]
        return next((found for found in statements if found["Sid"] == statement_id), None)


class LayerVersion(KeptResource):
    """One version of a layer; versions never change, so every input replaces it."""

    token = "aws:lambda/layerVersion:LayerVersion"
    accepts = frozenset(
        {
            "code", "compatibleArchitectures", "compatibleRuntimes", "description", "layerName", "licenseInfo",
            "s3Bucket", "s3Key", "s3ObjectVersion", "skipDestroy", "sourceCodeHash",
        }
    )  # fmt: skip
    replace_on = accepts
    computed = frozenset(
        {
            "arn", "codeSha256", "createdDate", "layerArn", "signingJobArn", "signingProfileVersionArn",
            "sourceCodeSize", "version",
        }
    )  # fmt: skip
    defaults = MappingProxyType({"skipDestroy": False})
    required = frozenset({"layerName"})
    input_only = frozenset({"skipDestroy"})
    unordered = frozenset({"compatibleArchitectures", "compatibleRuntimes"})
    side_stored = frozenset({"code", "s3Bucket", "s3Key", "s3ObjectVersion", "sourceCodeHash"})

    def create(self, ctx: Context, inputs: Props) -> str:
        """Publish the version."""
        names = {
            "layerName": "LayerName",
            "description": "Description",
            "licenseInfo": "LicenseInfo",
            "compatibleRuntimes": "CompatibleRuntimes",
            "compatibleArchitectures": "CompatibleArchitectures",
        }
        published = ctx.client("lambda").publish_layer_version(
            Content=code_location(inputs), **{api: inputs[key] for key, api in names.items() if key in inputs}
        )
        arn = str(published["LayerVersionArn"])
        self.keep(ctx, arn, inputs | archive_record(inputs, published["Content"]["CodeSha256"]))
        return arn

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the version as it is."""
        layer_arn, _, version = resource_id.rpartition(":")
        with absent(MISSING):
            found = ctx.client("lambda").get_layer_version(LayerName=layer_arn, VersionNumber=int(version))
            content, kept = found["Content"], self.kept(ctx, resource_id)
            archive = deployed_archive(kept.pop("code", None), content["CodeSha256"])
            outputs = {
                "sourceCodeHash": content["CodeSha256"],
                **kept,
                "arn": resource_id,
                "layerArn": layer_arn,
                "layerName": layer_arn.rpartition(":")[2],
                "version": version,
                "codeSha256": content["CodeSha256"],
                "sourceCodeSize": content["CodeSize"],
                "createdDate": found["CreatedDate"],
                "description": found.get("Description", ""),
                "licenseInfo": found.get("LicenseInfo", ""),
                "compatibleRuntimes": found.get("CompatibleRuntimes", []),
                "compatibleArchitectures": found.get("CompatibleArchitectures", []),
                "signingJobArn": "",
                "signingProfileVersionArn": "",
                **({"code": archive} if archive else {}),
            }
            return self.shown(inputs, outputs)
        return None

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the version, unless the program said to leave it."""
        if outputs.get("skipDestroy"):
            return
        layer_arn, _, version = resource_id.rpartition(":")
        with absent(MISSING):
            ctx.client("lambda").delete_layer_version(LayerName=layer_arn, VersionNumber=int(version))


def _anywhere(ctx: Context, statement_id: str) -> Props | None:
    """Return the statement of that id of any function, for an import that names no function."""
    client = ctx.client("lambda")
    for function in client.get_paginator("list_functions").paginate().search("Functions[]"):
        with absent(MISSING):
            policy = json.loads(client.get_policy(FunctionName=function["FunctionName"])["Policy"])
            for statement in policy["Statement"]:
                if statement["Sid"] == statement_id:
                    return dict(statement)
    return None


def _spelt_like(given: str, arn: str) -> str:
    """Return a function as the program spells it: by ARN or by name, never with the qualifier of the statement."""
    found = _FUNCTION.fullmatch(arn)
    if found is None:
        return arn
    bare = arn.removesuffix(f":{found['qualifier']}") if found["qualifier"] else arn
    return bare if given.startswith("arn:") else found["name"]


def _qualifier(arn: str) -> str | None:
    found = _FUNCTION.fullmatch(arn)
    return found["qualifier"] if found else None


RESOURCES: tuple[Resource, ...] = (Permission(), LayerVersion())
