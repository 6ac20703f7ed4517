"""Hands a synthesised or exported stack to the policies, which know nothing of either."""

from collections.abc import Mapping
from typing import Any

from leanto.check.results import Synthesis, SynthesisedResource
from leanto.embedded.plugin.values import without_internal
from policies.normalise import provider_settings
from policies.stack import Item, ItemOptions, Stack, item


def policy_stack(synthesis: Synthesis, *, environment: str = "") -> Stack:
    """Return what rules look at: all but what the stack only looks up, and notes on what was assumed.

    Unknown values stay unknown. The region is the one of the stack's own default provider, or the only one that its
    resources have.
    """
    by_urn = {row.urn: row for row in synthesis.resources}
    items = tuple(_item(row, by_urn, synthesis.provider_config) for row in synthesis.resources if not row.read)
    notes = (*(f"{one.subject}: {one.text}" for one in synthesis.assumptions), *_incomplete(synthesis))
    return Stack(synthesis.stack, items, region=_region(synthesis), environment=environment, notes=notes)


def _item(
    row: SynthesisedResource, by_urn: Mapping[str, SynthesisedResource], provider_config: Mapping[str, Any]
) -> Item:
    provider = by_urn.get((row.provider or "").rpartition("::")[0])
    args = provider.inputs if provider else provider_config if row.type.startswith("aws:") else None
    outputs = without_internal(row.outputs)
    return item(
        row.urn,
        row.type,
        row.name,
        without_internal(row.inputs),
        outputs={**outputs, "id": row.id} if row.id else outputs,
        provider_inputs=None if args is None else provider_settings(args),
        parent=row.parent or "",
        options=ItemOptions(row.options.protect, row.options.retain_on_delete, row.options.ignore_changes),
        property_dependencies=row.property_dependencies,
        secret_inputs=row.secret_inputs,
        source=f"{row.source.file}:{row.source.line}" if row.source else "",
        # What a component of another package makes is not seen: it must not pass for one that makes nothing itself.
        component=not row.custom and not row.incomplete,
    )


def _incomplete(synthesis: Synthesis) -> tuple[str, ...]:
    return tuple(f"{row.type} {row.name!r}: {reason}" for row in synthesis.resources for reason in row.incomplete)


def _region(synthesis: Synthesis) -> str:
    own = synthesis.provider_config.get("region")
    if isinstance(own, str) and own:
        return own
    found = {row.inputs.get("region") for row in synthesis.owned() if isinstance(row.inputs.get("region"), str)}
    return str(found.pop()) if len(found) == 1 else ""
