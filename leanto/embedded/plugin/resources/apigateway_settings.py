"""`aws:apigateway/methodSettings:MethodSettings`: throttling, logging and metrics of a stage's methods."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from leanto.embedded.plugin.errors import absent
from leanto.embedded.plugin.gateway_calls import MISSING, Operation, check_log_role, replace
from leanto.embedded.plugin.kept import KeptResource
from leanto.embedded.plugin.resource import Context, Props, Resource
from leanto.embedded.plugin.resources.apigateway_stage import patch_stage

UNLIMITED = -1
"""The provider's value for "no throttling of this method's own"; it sends it where the program gives none."""
LOGGING_LEVELS = ("OFF", "ERROR", "INFO")
_PATHS: Mapping[str, str] = MappingProxyType(
    {
        "cacheDataEncrypted": "caching/dataEncrypted",
        "cacheTtlInSeconds": "caching/ttlInSeconds",
        "cachingEnabled": "caching/enabled",
        "dataTraceEnabled": "logging/dataTrace",
        "loggingLevel": "logging/loglevel",
        "metricsEnabled": "metrics/enabled",
        "requireAuthorizationForCacheControl": "caching/requireAuthorizationForCacheControl",
        "throttlingBurstLimit": "throttling/burstLimit",
        "throttlingRateLimit": "throttling/rateLimit",
        "unauthorizedCacheControlHeaderStrategy": "caching/unauthorizedCacheControlHeaderStrategy",
    }
)
_UNTHROTTLED: Mapping[str, int] = MappingProxyType(dict.fromkeys(("throttlingBurstLimit", "throttlingRateLimit"), -1))
_NO_SETTINGS: Mapping[str, object] = MappingProxyType(
    {**_UNTHROTTLED, "dataTraceEnabled": False, "loggingLevel": "OFF", "metricsEnabled": False}
)
_METHOD_PATH = re.compile(r"[^/]+/[^/]+")


class MethodSettings(KeptResource):
    """The settings of one method of a stage, or of all of them by the path `*/*`."""

    token = "aws:apigateway/methodSettings:MethodSettings"
    accepts = frozenset({"methodPath", "restApi", "settings", "stageName"})
    replace_on = frozenset({"methodPath", "restApi", "stageName"})
    required = accepts
    computed_fields = frozenset(f"settings.{name}" for name in _PATHS)
    side_stored = frozenset({"settings"})
    """moto cannot remove settings; what is kept here tells whether there are any."""

    def validate(self, inputs: Props) -> list[tuple[str, str]]:
        """Return what API Gateway or the box refuses."""
        problems = super().validate(inputs)
        path, settings = inputs.get("methodPath", "*/*"), inputs.get("settings", {})
        if not _METHOD_PATH.fullmatch(path):
            rule = "RESOURCE/METHOD with each slash inside RESOURCE written as ~1, or */*"
            problems.append(("methodPath", f"is {path!r}, API Gateway takes {rule}"))
        if settings.get("loggingLevel", "OFF") not in LOGGING_LEVELS:
            given = f"has loggingLevel {settings['loggingLevel']!r}, API Gateway takes {', '.join(LOGGING_LEVELS)}"
            problems.append(("settings", given))
        if settings.get("cachingEnabled"):
            problems.append(("settings", "has cachingEnabled; AWS in a box plays no response cache"))
        return problems

    def create(self, ctx: Context, inputs: Props) -> str:
        """Set the settings on the stage."""
        self._apply(ctx, inputs)
        return f"{inputs['restApi']}-{inputs['stageName']}-{inputs['methodPath']}"

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the settings as the stage has them."""
        kept = self.kept(ctx, resource_id)
        if not kept:
            return None
        with absent(MISSING):
            key = _key(resource_id, inputs)
            stage = ctx.client("apigateway").get_stage(restApiId=key["restApi"], stageName=key["stageName"])
            found = stage.get("methodSettings", {}).get(key["methodPath"])
            if found is None:
                return None
            settings = {"loggingLevel": "OFF", **{name: found[name] for name in _PATHS if name in found}}
            return self.shown(inputs or kept, {**key, "settings": settings}) | key
        return None

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Set the new settings; what the program no longer says goes back to none."""
        del resource_id
        gone = {name: value for name, value in _NO_SETTINGS.items() if name in olds["settings"]}
        self._apply(ctx, news | {"settings": gone | news["settings"]}, keep=news)

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Set everything back to what a stage without settings does."""
        del resource_id
        with absent(MISSING):
            patch_stage(ctx, outputs, _operations(outputs["methodPath"], dict(_NO_SETTINGS)))

    def _apply(self, ctx: Context, inputs: Props, keep: Props | None = None) -> None:
        settings = {**_UNTHROTTLED, **inputs["settings"]}
        if settings.get("loggingLevel", "OFF") != "OFF":
            check_log_role(ctx)
        patch_stage(ctx, inputs, _operations(inputs["methodPath"], settings))
        identity = f"{inputs['restApi']}-{inputs['stageName']}-{inputs['methodPath']}"
        self.keep(ctx, identity, keep or inputs)


def _key(resource_id: str, props: Props) -> Props:
    """Return what names the settings; on import it is taken from the id."""
    if "methodPath" in props:
        return {key: props[key] for key in ("methodPath", "restApi", "stageName")}
    api_id, _, rest = resource_id.partition("-")
    stage_name, _, method_path = rest.rpartition("-")
    return {"methodPath": method_path, "restApi": api_id, "stageName": stage_name}


def _operations(method_path: str, settings: Props) -> list[Operation]:
    return [replace(f"/{method_path}/{_PATHS[name]}", value) for name, value in sorted(settings.items())]


RESOURCES: tuple[Resource, ...] = (MethodSettings(),)
