"""The functions of a stack outside any network: authorizer, gateway and stop, each with exactly what it needs."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.bundles import Bundle
from infra.components.function import Function, FunctionArgs, Surroundings
from infra.defaults import AUTHORIZER, STOP, STOP_EVENT_MAXIMUM_AGE_SECONDS, STOP_EVENT_RETRIES, FunctionSize
from infra.document import LAYER_PATH
from infra.grants import authorizer_grants, gateway_grants, stop_grants
from infra.permissions import Grant


@dataclass(frozen=True)
class FunctionsArgs:
    """Settings of the functions; `group` is empty for a stack without a pool, and `relay` the name of its relay."""

    surroundings: Surroundings
    bundles: Mapping[str, Bundle]
    gateway_size: FunctionSize
    deployment_document: str
    metric_count: int
    table: pulumi.Input[str]
    provider_secret_arns: Mapping[str, pulumi.Output[str]]
    model_grants: tuple[Grant, ...]
    alert_topic_arn: pulumi.Input[str]
    group: str
    relay: pulumi.Input[str] | None


class Functions(pulumi.ComponentResource):
    """The three functions, and the layer that tells the gateway what it serves."""

    authorizer: Function
    gateway: Function
    stop: Function

    def __init__(self, name: str, args: FunctionsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("leanto:infra:Functions", name, None, opts)
        self._name, self._args = name, args
        around, secrets = args.surroundings, args.provider_secret_arns
        self.authorizer = self._function("authorizer", AUTHORIZER, {}, authorizer_grants(around.names, around.key_arn))
        self.gateway = self._function(
            "gateway",
            args.gateway_size,
            {
                "LEANTO_DEPLOYMENT": f"/opt/{LAYER_PATH}",
                "LEANTO_METRICS": str(args.metric_count),
                "LEANTO_PROVIDER_SECRETS": pulumi.Output.json_dumps(secrets, sort_keys=True),
                **({} if args.relay is None else {"LEANTO_RELAY": args.relay}),
            },
            gateway_grants(
                around.names,
                around.key_arn,
                tuple(secrets.values()),
                args.model_grants,
                has_pool=args.relay is not None,
            ),
            (self._layer(),),
        )
        self.stop = self._function(
            "stop",
            STOP,
            {"LEANTO_GROUP": args.group, "LEANTO_ALERT_TOPIC_ARN": args.alert_topic_arn},
            stop_grants(around.names, around.key_arn, args.alert_topic_arn, has_pool=bool(args.group)),
        )
        self._retry_stop()
        self.register_outputs({})

    def _function(
        self,
        function: str,
        size: FunctionSize,
        environment: Mapping[str, pulumi.Input[str]],
        grants: tuple[Grant, ...],
        layers: tuple[pulumi.Input[str], ...] = (),
    ) -> Function:
        args = self._args
        always = {"LEANTO_STACK": args.surroundings.names.stack, "LEANTO_TABLE": args.table}
        return Function(
            f"{self._name}-{function}",
            FunctionArgs(
                args.surroundings, function, args.bundles[function], size, always | dict(environment), grants, layers
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _layer(self) -> pulumi.Output[str]:
        """Return the layer with the deployment document: a route is changed without a build."""
        around = self._args.surroundings
        return aws.lambda_.LayerVersion(
            f"{self._name}-deployment",
            layer_name=around.names.function("deployment"),
            description="Routes, providers and limits of the gateway",
            code=pulumi.AssetArchive({LAYER_PATH: pulumi.StringAsset(self._args.deployment_document)}),
            compatible_runtimes=[f"python{around.python}"],
            compatible_architectures=[around.architecture],
            opts=pulumi.ResourceOptions(parent=self),
        ).arn

    def _retry_stop(self) -> None:
        """Let Lambda call a stop that failed again, and tell people if it keeps failing."""
        destination = aws.lambda_.FunctionEventInvokeConfigDestinationConfigOnFailureArgs(
            destination=self._args.alert_topic_arn
        )
        aws.lambda_.FunctionEventInvokeConfig(
            f"{self._name}-stop-retries",
            function_name=self.stop.name,
            maximum_event_age_in_seconds=STOP_EVENT_MAXIMUM_AGE_SECONDS,
            maximum_retry_attempts=STOP_EVENT_RETRIES,
            destination_config=aws.lambda_.FunctionEventInvokeConfigDestinationConfigArgs(on_failure=destination),
            opts=pulumi.ResourceOptions(parent=self),
        )
