"""`aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig`: retries of events that nobody waits for."""

from types import MappingProxyType

from leanto.embedded.plugin.errors import absent
from leanto.embedded.plugin.kept import KeptResource, outside
from leanto.embedded.plugin.resource import Context, Props, Resource

MISSING = "ResourceNotFoundException"


class FunctionEventInvokeConfig(KeptResource):
    """How often and how long Lambda retries an event that nobody waits for."""

    token = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
    accepts = frozenset(
        {"destinationConfig", "functionName", "maximumEventAgeInSeconds", "maximumRetryAttempts", "qualifier"}
    )
    replace_on = frozenset({"functionName", "qualifier"})
    required = frozenset({"functionName"})
    defaults = MappingProxyType({"maximumRetryAttempts": 2})

    def validate(self, inputs: Props) -> list[tuple[str, str]]:
        """Return what Lambda or the box refuses."""
        problems = super().validate(inputs)
        for key, low, high in (("maximumRetryAttempts", 0, 2), ("maximumEventAgeInSeconds", 60, 21600)):
            if outside(inputs.get(key), low, high):
                problems.append((key, f"is {inputs[key]}, Lambda takes {low} to {high}"))
        return problems

    def create(self, ctx: Context, inputs: Props) -> str:
        """Put the settings."""
        _put_event_settings(ctx, inputs)
        qualifier = inputs.get("qualifier")
        return f"{inputs['functionName']}:{qualifier}" if qualifier else str(inputs["functionName"])

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the settings as they are."""
        key = _event_key(resource_id, inputs)
        with absent(MISSING):
            found = ctx.client("lambda").get_function_event_invoke_config(**_event_target(key))
            destinations = {
                name: {"destination": target["Destination"]}
                for name, key in (("onFailure", "OnFailure"), ("onSuccess", "OnSuccess"))
                if (target := found.get("DestinationConfig", {}).get(key, {})).get("Destination")
            }
            return {
                **key,
                "maximumRetryAttempts": found["MaximumRetryAttempts"],
                **({"destinationConfig": destinations} if destinations else {}),
                **(
                    {"maximumEventAgeInSeconds": found["MaximumEventAgeInSeconds"]}
                    if "MaximumEventAgeInSeconds" in found
                    else {}
                ),
            }
        return None

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Put the new settings in place of the old, which moto would answer with as long as they are there."""
        self.delete(ctx, resource_id, olds)
        _put_event_settings(ctx, news)

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Go back to Lambda's own settings."""
        del resource_id
        with absent(MISSING):
            ctx.client("lambda").delete_function_event_invoke_config(**_event_target(outputs))


def _event_key(resource_id: str, props: Props) -> Props:
    """Return what names the settings; on import it is taken from the id, `NAME` or `NAME:QUALIFIER`."""
    if props:
        return {key: props[key] for key in ("functionName", "qualifier") if props.get(key)}
    name, _, qualifier = resource_id.partition(":")
    return {"functionName": name, **({"qualifier": qualifier} if qualifier else {})}


def _event_target(props: Props) -> Props:
    qualifier = {"Qualifier": props["qualifier"]} if props.get("qualifier") else {}
    return {"FunctionName": props["functionName"], **qualifier}


def _put_event_settings(ctx: Context, inputs: Props) -> None:
    destinations = {
        api: {"Destination": inputs["destinationConfig"][key]["destination"]}
        for key, api in (("onFailure", "OnFailure"), ("onSuccess", "OnSuccess"))
        if key in inputs.get("destinationConfig", {})
    }
    age = inputs.get("maximumEventAgeInSeconds")
    ctx.client("lambda").put_function_event_invoke_config(
        **_event_target(inputs),
        MaximumRetryAttempts=inputs["maximumRetryAttempts"],
        **({"MaximumEventAgeInSeconds": age} if age is not None else {}),
        **({"DestinationConfig": destinations} if destinations else {}),
    )


RESOURCES: tuple[Resource, ...] = (FunctionEventInvokeConfig(),)
