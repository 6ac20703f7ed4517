"""Made-up physical names, as the official provider makes them."""

import hashlib

from leanto.embedded.plugin.resource import AutoName

RANDOM_LENGTH = 7
"""Hex characters after the separator (pulumi-terraform-bridge, pkg/tfbridge/names.go)."""


class NameTooLongError(ValueError):
    """The logical name leaves no room for the random characters."""


def made_up(auto_name: AutoName, resource_name: str, seed: bytes) -> str:
    """Return the physical name; the same seed yields the same name. Too long a name is refused, never cut."""
    if not auto_name.random:
        return resource_name
    base = resource_name.lower() if auto_name.lowercase else resource_name
    digits = hashlib.sha256(seed).hexdigest()[:RANDOM_LENGTH]
    name = f"{auto_name.prefix}{base}{auto_name.separator}{digits}"
    if len(name) > auto_name.max_length:
        raise NameTooLongError(
            f"the resource's name {resource_name!r} plus {auto_name.separator!r} and {RANDOM_LENGTH} random characters "
            f"makes {len(name)} characters and AWS allows {auto_name.max_length}: shorten it, or set "
            f"{auto_name.property!r}"
        )
    return name
