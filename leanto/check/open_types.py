"""Takes resources of any type of AWS: those that the plugin knows as it checks them, others as they are given.

What AWS would make up is made up where its form is sure, and is unknown where it is not.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from leanto.check.answers import Answers
from leanto.check.made_up import ACCOUNT, made_up_arn, made_up_id
from leanto.check.sdk_source import Kinds, SdkSource
from leanto.embedded.plugin import lifecycle, naming, tags
from leanto.embedded.plugin.configuration import Configuration
from leanto.embedded.plugin.resource import AutoName, Props, Resource
from leanto.embedded.plugin.values import UNKNOWN, without_internal

_TEXTS: Mapping[str, str] = MappingProxyType(
    {
        "dnsName": "{id}.{region}.amazonaws.example",
        "url": "https://{service}.{region}.amazonaws.example/{id}",
        "repositoryUrl": "{account}.dkr.ecr.{region}.amazonaws.com/{name}",
        "registryId": "{account}",
        "ownerId": "{account}",
        "domainName": "{id}.{service}.amazonaws.example",
        "hostedZoneId": "Z0123456789ABCDEFGHIJ",
        "zoneId": "Z0123456789ABCDEFGHIJ",
        "address": "{id}.{region}.amazonaws.example",
        "endpoint": "{id}.{region}.amazonaws.example",
        "apiEndpoint": "https://{id}.execute-api.{region}.amazonaws.com",
        "invokeUrl": "https://{id}.execute-api.{region}.amazonaws.com",
        "iamArn": "arn:aws:iam::{account}:{service}/{id}",
        "executionArn": "arn:aws:execute-api:{region}:{account}:{id}",
        "invokeArn": "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations",
        "arnSuffix": "{service}/{id}",
    }
)
"""Texts that AWS makes up for many types, in a form that programs can take apart. No name in .example exists."""


class OpenTypes:
    """Checks and answers registrations. `types` are those that the plugin knows."""

    def __init__(self, types: Mapping[str, Resource], answers: Answers, source: SdkSource) -> None:
        self._types, self._answers, self._source = types, answers, source

    def take(
        self, token: str, name: str, urn: str, configuration: Configuration, given: Props
    ) -> tuple[str, Props, Props]:
        """Return the id, the inputs as Check leaves them, and the outputs of a resource of AWS."""
        if token in self._types:
            try:
                return self._take_known(self._types[token], name, urn, configuration, given)
            except Exception:  # the plugin expects what AWS would take; whether it does is not asked here
                return self._take_other(token, name, urn, configuration, given)
        return self._take_other(token, name, urn, configuration, given)

    def refused(
        self, token: str, name: str, urn: str, configuration: Configuration, given: Props
    ) -> tuple[tuple[str, str], ...]:
        """Return (property, reason) of all that the plugin refuses."""
        if token not in self._types:
            return (("type", "synthesis does not know this type"),)
        return lifecycle.check(self._types[token], configuration, name, {}, given, urn.encode()).failures

    def _take_known(
        self, resource: Resource, name: str, urn: str, configuration: Configuration, given: Props
    ) -> tuple[str, Props, Props]:
        inputs = lifecycle.check(resource, configuration, name, {}, given, urn.encode()).inputs
        resource_id, outputs = self._answers.create(resource, configuration, urn, inputs)
        return resource_id, inputs, outputs

    def _take_other(
        self, token: str, name: str, urn: str, configuration: Configuration, given: Props
    ) -> tuple[str, Props, Props]:
        kinds = self._source.resource(token)
        inputs = without_internal(given)
        if "region" in kinds:
            inputs.setdefault("region", configuration.region)
        if "tagsAll" in kinds:
            inputs["tagsAll"] = _tags(configuration, inputs.get("tags"))
        made_up = {"name": naming.made_up(AutoName(), name, urn.encode())[-255:]} if _is_text(kinds, "name") else {}
        named = {**made_up, **inputs}
        resource_id = made_up_id(token, urn, named)
        region = str(inputs["region"] if isinstance(inputs.get("region"), str) else configuration.region)
        outputs = {**_outputs(token, kinds, resource_id, region, named), **named}
        return resource_id, inputs, outputs


def _is_text(kinds: Kinds, key: str) -> bool:
    return key in kinds and kinds[key].form == "text"


def _tags(configuration: Configuration, own: Any) -> Any:
    return tags.merged(configuration.default_tags, own) if own is None or isinstance(own, Mapping) else UNKNOWN


def _outputs(token: str, kinds: Kinds, resource_id: str, region: str, named: Props) -> Props:
    arn = made_up_arn(token, resource_id, region)
    words = {
        "id": resource_id,
        "name": str(named.get("name", resource_id)),
        "arn": arn,
        "region": region,
        "account": ACCOUNT,
        "service": token.split(":")[1].partition("/")[0].lower(),
    }
    texts = {key: form.format(**words) for key, form in _TEXTS.items() if _is_text(kinds, key)}
    return {"arn": arn, **texts} if _is_text(kinds, "arn") else texts
