"""What is called: deployments, the stages that point to them, and the settings of a stage's methods."""

import re

from leanto.embedded.front.snapshot import take_snapshot
from leanto.embedded.plugin.errors import RefusedError, absent, creating
from leanto.embedded.plugin.gateway_calls import (
    MISSING,
    Operation,
    api_of,
    changed,
    check_log_role,
    remove,
    replace,
    retag,
)
from leanto.embedded.plugin.kept import KeptResource
from leanto.embedded.plugin.resource import Context, Props, Resource
from leanto.embedded.plugin.resources.apigateway_api import api_arn

_STAGE_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_REQUEST_IDS = ("$context.requestId", "$context.extendedRequestId")


class Deployment(KeptResource):
    """A snapshot of the API. What was changed since is not live until a new deployment takes its place in a stage."""

    token = "aws:apigateway/deployment:Deployment"
    accepts = frozenset({"description", "restApi", "triggers"})
    replace_on = frozenset({"restApi", "triggers"})
    required = frozenset({"restApi"})
    computed = frozenset({"createdDate"})
    side_stored = frozenset({"description", "snapshot", "triggers"})

    def create(self, ctx: Context, inputs: Props) -> str:
        """Deploy the API as it is now; moto keeps no snapshot, so it is kept beside it for the front to play."""
        client, api_id = ctx.client("apigateway"), inputs["restApi"]
        created = client.create_deployment(restApiId=api_id, description=inputs.get("description", ""))
        identity = str(created["id"])
        with creating(identity, undo=lambda: client.delete_deployment(restApiId=api_id, deploymentId=identity)):
            self.keep(ctx, identity, inputs | {"snapshot": take_snapshot(ctx, api_id)})
        return identity

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the deployment as it is."""
        api_id = api_of(ctx, inputs, lambda api: _deployment(ctx, api, resource_id))
        found = _deployment(ctx, api_id, resource_id)
        if found is None:
            return None
        kept = self.kept(ctx, resource_id)
        outputs = {
            "restApi": api_id,
            "createdDate": found["createdDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "description": kept.get("description", ""),
            "triggers": kept.get("triggers", {}),
        }
        return self.shown(inputs, outputs)

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Set the description, the one thing that can change."""
        del olds
        self.keep(ctx, resource_id, news | {"snapshot": self.kept(ctx, resource_id)["snapshot"]})

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the deployment; one that a stage points to is refused, as on AWS."""
        client, api_id = ctx.client("apigateway"), outputs["restApi"]
        if _deployment(ctx, api_id, resource_id) is None:
            return
        stages = [
            stage for stage in client.get_stages(restApiId=api_id)["item"] if stage["deploymentId"] == resource_id
        ]
        if stages:
            names = ", ".join(stage["stageName"] for stage in stages)
            message = f"Active stages pointing to this deployment must be moved or deleted: {names}"
            raise RefusedError("BadRequestException", message)
        client.delete_deployment(restApiId=api_id, deploymentId=resource_id)


class Stage(KeptResource):
    """A name under which a deployment is called."""

    token = "aws:apigateway/stage:Stage"
    accepts = frozenset(
        {
            "accessLogSettings", "deployment", "description", "restApi", "stageName", "tags", "variables",
            "xrayTracingEnabled",
        }
    )  # fmt: skip
    replace_on = frozenset({"restApi", "stageName"})
    required = frozenset({"deployment", "restApi", "stageName"})
    computed = frozenset({"arn", "executionArn", "invokeUrl", "webAclArn"})
    taggable = True

    def validate(self, inputs: Props) -> list[tuple[str, str]]:
        """Return what API Gateway or the box refuses."""
        problems = super().validate(inputs)
        name = inputs.get("stageName", "x")
        if not _STAGE_NAME.fullmatch(name):
            problems.append(("stageName", f"is {name!r}, API Gateway takes letters, digits, hyphens and underscores"))
        log_format = inputs.get("accessLogSettings", {}).get("format", _REQUEST_IDS[0])
        if "\n" in log_format:
            problems.append(("accessLogSettings", "has a format of several lines, API Gateway takes a single line"))
        if not any(request_id in log_format for request_id in _REQUEST_IDS):
            problems.append(("accessLogSettings", f"has a format without {' or '.join(_REQUEST_IDS)}"))
        return problems

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the stage, then set its access log."""
        client, api_id, name = ctx.client("apigateway"), inputs["restApi"], inputs["stageName"]
        _check_deployment(ctx, api_id, inputs["deployment"])
        if inputs.get("accessLogSettings"):
            check_log_role(ctx)
        client.create_stage(
            restApiId=api_id,
            stageName=name,
            deploymentId=inputs["deployment"],
            description=inputs.get("description", ""),
            variables=inputs.get("variables", {}),
            tracingEnabled=inputs.get("xrayTracingEnabled", False),
            tags=inputs.get("tagsAll", {}),
        )
        identity = f"ags-{api_id}-{name}"
        with creating(identity, undo=lambda: client.delete_stage(restApiId=api_id, stageName=name)):
            patch_stage(ctx, inputs, _access_log({}, inputs))
        return identity

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the stage as it is."""
        with absent(MISSING):
            _, api_id, name = resource_id.split("-", 2)
            found = ctx.client("apigateway").get_stage(restApiId=api_id, stageName=name)
            outputs = {
                "accessLogSettings": found.get("accessLogSettings"),
                "arn": stage_arn(ctx, {"restApi": api_id, "stageName": name}),
                "deployment": found["deploymentId"],
                "description": found.get("description", ""),
                "executionArn": f"arn:{ctx.partition}:execute-api:{ctx.region}:{ctx.account_id}:{api_id}/{name}",
                "invokeUrl": f"https://{api_id}.execute-api.{ctx.region}.amazonaws.com/{name}",
                "restApi": api_id,
                "stageName": name,
                "tagsAll": found.get("tags", {}),
                "variables": found.get("variables", {}),
                "webAclArn": found.get("webAclArn", ""),
                "xrayTracingEnabled": found.get("tracingEnabled", False),
            }
            return self.shown(inputs, outputs)
        return None

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Change the stage in place."""
        del resource_id
        differing = changed(olds, news)
        operations: list[Operation] = []
        if "deployment" in differing:
            _check_deployment(ctx, news["restApi"], news["deployment"])
            operations.append(replace("/deploymentId", news["deployment"]))
        if "description" in differing:
            operations.append(replace("/description", news.get("description", "")))
        if "xrayTracingEnabled" in differing:
            operations.append(replace("/tracingEnabled", news.get("xrayTracingEnabled", False)))
        if "variables" in differing:
            operations += _variables(olds.get("variables", {}), news.get("variables", {}))
        if "accessLogSettings" in differing:
            if news.get("accessLogSettings"):
                check_log_role(ctx)
            operations += _access_log(olds, news)
        patch_stage(ctx, news, operations)
        retag(ctx, stage_arn(ctx, news), olds, news)

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the stage."""
        del resource_id
        with absent(MISSING):
            ctx.client("apigateway").delete_stage(restApiId=outputs["restApi"], stageName=outputs["stageName"])


def stage_arn(ctx: Context, props: Props) -> str:
    """Return the ARN under which API Gateway's own API knows a stage."""
    return f"{api_arn(ctx, props['restApi'])}/stages/{props['stageName']}"


def patch_stage(ctx: Context, props: Props, operations: list[Operation]) -> None:
    """Apply operations to the stage that `props` name; none is no call."""
    if operations:
        ctx.client("apigateway").update_stage(
            restApiId=props["restApi"], stageName=props["stageName"], patchOperations=operations
        )


def _deployment(ctx: Context, api_id: str, deployment_id: str) -> Props | None:
    deployments: list[Props] = []
    with absent(MISSING):
        deployments = ctx.client("apigateway").get_deployments(restApiId=api_id)["items"]
    return next((found for found in deployments if found["id"] == deployment_id), None)


def _check_deployment(ctx: Context, api_id: str, deployment_id: str) -> None:
    if _deployment(ctx, api_id, deployment_id) is None:
        raise RefusedError("BadRequestException", f"Deployment id does not exist: {deployment_id} of API {api_id}")


def _access_log(olds: Props, news: Props) -> list[Operation]:
    settings = news.get("accessLogSettings")
    if not settings:
        return [remove("/accessLogSettings")] if olds.get("accessLogSettings") else []
    return [replace(f"/accessLogSettings/{key}", settings[key]) for key in ("destinationArn", "format")]


def _variables(old: Props, new: Props) -> list[Operation]:
    removed = [remove(f"/variables/{name}") for name in sorted(old.keys() - new.keys())]
    return removed + [replace(f"/variables/{name}", value) for name, value in sorted(new.items())]


RESOURCES: tuple[Resource, ...] = (Deployment(), Stage())
