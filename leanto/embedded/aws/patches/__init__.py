"""Replacements of single methods of moto, one file each, with the reason and the version they were written for.

Each file says in `TARGET` what it replaces and in `replacement` by what.
"""

from leanto.embedded.aws.patches import (
    alarm_actions,
    bucket_policy,
    event_delivery,
    group_health,
    group_launch,
    group_update,
    instance_end,
    marker_deletion,
    object_version,
    template_version,
    topic_delivery,
)

PATCHES = (
    alarm_actions,
    bucket_policy,
    event_delivery,
    group_health,
    group_launch,
    group_update,
    instance_end,
    marker_deletion,
    object_version,
    template_version,
    topic_delivery,
)


def apply_all() -> None:
    """Replace what moto gets wrong, for the whole process; further calls change nothing."""
    for patch in PATCHES:
        owner, name = patch.TARGET
        setattr(owner, name, patch.replacement)
