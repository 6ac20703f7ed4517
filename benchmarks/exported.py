"""Writes a synthesised stack as `pulumi stack export` would write it once deployed."""

from typing import Any

from leanto.check.results import Synthesis, SynthesisedResource


def export(synthesis: Synthesis) -> dict[str, Any]:
    """Return the export of a stack, as plain values."""
    return {
        "version": 3,
        "deployment": {
            "manifest": {"time": "2026-01-01T00:00:00Z", "magic": "", "version": ""},
            "resources": [_resource(row) for row in synthesis.resources if not row.read],
        },
    }


def _resource(row: SynthesisedResource) -> dict[str, Any]:
    return {
        "urn": row.urn,
        "custom": row.custom,
        "type": row.type,
        "inputs": _plain(row.inputs),
        "outputs": _plain(row.outputs),
        "parent": row.parent or "",
        "protect": row.options.protect,
        "dependencies": list(row.dependencies),
        "propertyDependencies": {key: list(urns) for key, urns in row.property_dependencies.items()},
        **({"id": row.id} if row.id else {}),
        **({"provider": row.provider} if row.provider else {}),
    }


def _plain(value: Any) -> Any:
    if hasattr(value, "items"):
        return {key: _plain(row) for key, row in value.items()}
    return [_plain(row) for row in value] if isinstance(value, list | tuple) else value
