"""The stage at which the API is served: its rate, its access log, nothing of a body in it."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.defaults import STAGE
from infra.naming import Names
from infra.rendering import compact, render_json


@dataclass(frozen=True)
class StageArgs:
    """Settings of the stage; `api_logging` is what must be set before an access log can be."""

    names: Names
    api_id: pulumi.Input[str]
    deployment_id: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    log_retention_days: int
    throttle_requests_per_second: int
    throttle_burst: int
    api_logging: pulumi.Resource | None


class Stage(pulumi.ComponentResource):
    """The stage `v1`, throttled, with an encrypted access log."""

    endpoint_url: pulumi.Output[str]
    name: pulumi.Output[str]

    def __init__(self, name: str, args: StageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("leanto:infra:Stage", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        log_group = aws.cloudwatch.LogGroup(
            f"{name}-log",
            name=args.names.log_group("access"),
            retention_in_days=args.log_retention_days,
            kms_key_id=args.key_arn,
            opts=child,
        )
        log = aws.apigateway.StageAccessLogSettingsArgs(
            destination_arn=log_group.arn, format=compact(render_json("front/access-log.json.j2"))
        )
        needs = [args.api_logging] if args.api_logging else []
        stage = aws.apigateway.Stage(
            name,
            rest_api=args.api_id,
            deployment=args.deployment_id,
            stage_name=STAGE,
            access_log_settings=log,
            opts=pulumi.ResourceOptions(parent=self, depends_on=needs),
        )
        aws.apigateway.MethodSettings(
            f"{name}-settings",
            rest_api=args.api_id,
            stage_name=stage.stage_name,
            method_path="*/*",
            settings=aws.apigateway.MethodSettingsSettingsArgs(
                metrics_enabled=True,
                # Execution logs would hold requests and answers: off, and the trace of data off as well.
                logging_level="OFF",
                data_trace_enabled=False,
                throttling_rate_limit=args.throttle_requests_per_second,
                throttling_burst_limit=args.throttle_burst,
            ),
            opts=child,
        )
        self.name = stage.stage_name
        host = f"execute-api.{args.names.place.region}.amazonaws.com"
        self.endpoint_url = pulumi.Output.concat("https://", args.api_id, f".{host}/", stage.stage_name)
        self.register_outputs({"endpointUrl": self.endpoint_url})
