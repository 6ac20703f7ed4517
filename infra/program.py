"""The program: reads the settings, wires the components, exports what people and commands need."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi.runtime import config as runtime_config

from catalog.rows import Catalogue
from catalog.tables import catalogue
from infra.bundles import Bundle, BundlesMissing, load, placeholders, placeholders_allowed
from infra.declarations import project_defaults
from infra.foundation import Site
from infra.naming import Names, Place, check_stack_name, stack_tags
from infra.problems import Problem, SettingsError
from infra.settings import Settings, read_settings
from infra.targets import targets
from infra.wiring import deploy

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Declare the stack that the configuration describes.

    Raises pulumi.RunError, whose text is all that a user sees, for settings that cannot be deployed or missing bundles.
    """
    stack = pulumi.get_stack()
    try:
        check_stack_name(stack)
        tables = catalogue()
        settings = read_settings(configuration(), tables)
        bundles = _bundles(settings, tables)
    except (SettingsError, BundlesMissing) as error:
        raise pulumi.RunError(str(error)) from None
    tags = {**settings.tags, **stack_tags(stack, settings.environment)}
    provider = aws.Provider("aws", region=settings.region, default_tags=aws.ProviderDefaultTagsArgs(tags=tags))
    names = Names(stack, _place(settings, provider))
    site = Site(settings, names, tags, _zones(settings, provider), bundles, tables)
    for name, value in deploy(site, pulumi.ResourceOptions(providers=[provider])).items():
        pulumi.export(name, value)


def configuration() -> Mapping[str, Any]:
    """Return what Pulumi hands over, over the project's defaults: the Automation API does not fill those in."""
    handed_over = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    return {**project_defaults(ROOT), **handed_over}


def _bundles(settings: Settings, tables: Catalogue) -> Mapping[str, Bundle]:
    find = placeholders if placeholders_allowed(preview=pulumi.runtime.is_dry_run()) else load
    return {name: bundle for target in targets(settings, tables) for name, bundle in find(ROOT, target).items()}


def _place(settings: Settings, provider: aws.Provider) -> Place:
    opts = pulumi.InvokeOptions(provider=provider)
    identity = aws.get_caller_identity(opts=opts)
    return Place(aws.get_partition(opts=opts).partition, settings.region, identity.account_id)


def _zones(settings: Settings, provider: aws.Provider) -> tuple[str, ...]:
    """Return the zones of the pool, the first ones of the region by name. Local Zones are opted into, and none."""
    if not settings.has_pool:
        return ()
    zones = aws.get_availability_zones(
        state="available",
        filters=[aws.GetAvailabilityZonesFilterArgs(name="opt-in-status", values=["opt-in-not-required"])],
        opts=pulumi.InvokeOptions(provider=provider),
    )
    if len(zones.names) < settings.availability_zone_count:
        allowed = f"at most {len(zones.names)}, as {settings.region} has no more zones"
        given = str(settings.availability_zone_count)
        problem = Problem("leanto:availabilityZoneCount", given, allowed, "lower it, or choose another region")
        raise pulumi.RunError(str(SettingsError([problem])))
    return tuple(sorted(zones.names)[: settings.availability_zone_count])
