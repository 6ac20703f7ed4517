"""The profiles that rules have levels for, and which of them a stack is held to."""

from collections.abc import Mapping

PROFILES = ("dev", "prod", "eu")
"""All profiles, from the one that asks for least to the one that asks for most."""

STRICT_PROFILES = frozenset({"prod", "eu"})
"""Profiles in which floors hold whatever is configured, and in which what cannot be looked at blocks like a failure."""

STRICTEST = "prod"
"""Where nothing says which profile is meant."""


def profile_of(configuration: Mapping[str, str]) -> str:
    """Return the profile of a stack from its configuration by namespaced key, as `leanto:environment` has it.

    dev is held to dev; prod to prod, or to eu where `residency` is eu; any other environment to the strictest.
    """
    environment = setting(configuration, "environment")
    if environment == "dev":
        return "dev"
    return "eu" if setting(configuration, "residency") == "eu" else STRICTEST


def is_weaker(profile: str, than: str) -> bool:
    """Tell whether a profile asks for less than another one."""
    return PROFILES.index(profile) < PROFILES.index(than)


def environment_of(configuration: Mapping[str, str]) -> str:
    """Return the environment that a stack says it is, or "" when it does not say."""
    return setting(configuration, "environment")


def setting(configuration: Mapping[str, str], name: str) -> str:
    """Return a setting of the program, whatever its project is called; settings of the provider are none."""
    keys = sorted(key for key in configuration if key.rpartition(":")[2] == name and not key.startswith("aws:"))
    return configuration[keys[0]] if keys else ""
