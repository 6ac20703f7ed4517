"""The front: a regional REST API that checks the key, bounds the rate and streams what the gateway answers."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import api
from infra.components.function import Function
from infra.defaults import AUTHORIZER_RESULT_TTL_SECONDS, INTEGRATION_MARGIN_SECONDS, KEY_EXPRESSION, STAGE
from infra.naming import Names

INTEGRATION_TYPE, TRANSFER_MODE = "AWS_PROXY", "STREAM"


@dataclass(frozen=True)
class FrontArgs:
    """Settings of the API."""

    names: Names
    authorizer: Function
    gateway: Function
    maximum_request_bytes: int
    request_timeout_seconds: int


class Front(pulumi.ComponentResource):
    """The API: methods, authorizer and its own answers. `deployment_id` is the copy of it that a stage serves."""

    api_id: pulumi.Output[str]
    api_name: pulumi.Output[str]
    deployment_id: pulumi.Output[str]

    def __init__(self, name: str, args: FrontArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("leanto:infra:Front", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self._timeout = (args.request_timeout_seconds + INTEGRATION_MARGIN_SECONDS) * 1000
        self._api = aws.apigateway.RestApi(
            name,
            name=args.names.prefix,
            description="An OpenAI-compatible endpoint",
            endpoint_configuration=aws.apigateway.RestApiEndpointConfigurationArgs(types="REGIONAL"),
            opts=self._child,
        )
        self.api_id, self.api_name = self._api.id, self._api.name
        authorizer = self._authorizer()
        responses = api.gateway_responses(args.maximum_request_bytes)
        parts = [*self._methods(authorizer), *map(self._response, responses)]
        self.deployment_id = self._deployment(responses, parts).id
        self.register_outputs({"apiId": self.api_id, "deploymentId": self.deployment_id})

    def _authorizer(self) -> aws.apigateway.Authorizer:
        function, names = self._args.authorizer, self._args.names
        authorizer = aws.apigateway.Authorizer(
            f"{self._name}-authorizer",
            name="key",
            rest_api=self.api_id,
            type="TOKEN",
            authorizer_uri=function.arn.apply(lambda arn: api.invoke_uri(names, arn)),
            identity_source="method.request.header.Authorization",
            identity_validation_expression=KEY_EXPRESSION,
            authorizer_result_ttl_in_seconds=AUTHORIZER_RESULT_TTL_SECONDS,
            opts=self._child,
        )
        source = pulumi.Output.concat(self._api.execution_arn, "/authorizers/", authorizer.id)
        self._permit("authorizer", function, source)
        return authorizer

    def _permit(self, name: str, function: Function, source_arn: pulumi.Input[str]) -> None:
        aws.lambda_.Permission(
            f"{self._name}-{name}-permission",
            action="lambda:InvokeFunction",
            function=function.name,
            principal="apigateway.amazonaws.com",
            source_arn=source_arn,
            opts=self._child,
        )

    def _methods(self, authorizer: aws.apigateway.Authorizer) -> list[pulumi.Resource]:
        """Return the methods and integrations of the one resource that stands for every path."""
        resource = aws.apigateway.Resource(
            f"{self._name}-paths",
            rest_api=self.api_id,
            parent_id=self._api.root_resource_id,
            path_part=api.PATH_PART,
            opts=self._child,
        )
        return [part for method in api.HTTP_METHODS for part in self._method(method, resource.id, authorizer)]

    def _method(
        self, http_method: str, resource_id: pulumi.Output[str], authorizer: aws.apigateway.Authorizer
    ) -> tuple[pulumi.Resource, pulumi.Resource]:
        gateway, names = self._args.gateway, self._args.names
        label = http_method.lower()
        method = aws.apigateway.Method(
            f"{self._name}-{label}-method",
            rest_api=self.api_id,
            resource_id=resource_id,
            http_method=http_method,
            authorization="CUSTOM",
            authorizer_id=authorizer.id,
            opts=self._child,
        )
        integration = aws.apigateway.Integration(
            f"{self._name}-{label}-integration",
            rest_api=self.api_id,
            resource_id=resource_id,
            http_method=method.http_method,
            uri=gateway.arn.apply(lambda arn: api.streaming_uri(names, arn)),
            type=INTEGRATION_TYPE,
            integration_http_method="POST",
            response_transfer_mode=TRANSFER_MODE,
            timeout_milliseconds=self._timeout,
            opts=self._child,
        )
        self._permit(label, gateway, pulumi.Output.concat(self._api.execution_arn, f"/{STAGE}/{http_method}/*"))
        return method, integration

    def _response(self, response: api.GatewayResponse) -> pulumi.Resource:
        return aws.apigateway.Response(
            f"{self._name}-{response.kind.lower().replace('_', '-')}",
            rest_api_id=self.api_id,
            response_type=response.kind,
            status_code=response.status,
            response_templates={"application/json": response.body},
            response_parameters=response.headers,
            opts=self._child,
        )

    def _deployment(
        self, responses: tuple[api.GatewayResponse, ...], parts: list[pulumi.Resource]
    ) -> aws.apigateway.Deployment:
        args = self._args
        functions = [args.names.function_arn("authorizer"), args.names.function_arn("gateway")]
        details = [
            INTEGRATION_TYPE,
            TRANSFER_MODE,
            self._timeout,
            functions,
            KEY_EXPRESSION,
            AUTHORIZER_RESULT_TTL_SECONDS,
        ]
        return aws.apigateway.Deployment(
            f"{self._name}-deployment",
            rest_api=self.api_id,
            triggers={"definition": api.fingerprint(responses, details)},
            opts=pulumi.ResourceOptions(parent=self, depends_on=parts),
        )
