"""Resources of which moto keeps only a part: what they take is listed, what moto drops is kept beside it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from leanto.embedded.plugin.resource import Context, Props, Resource
from leanto.embedded.plugin.values import INTERNAL_PREFIX

COMMON_INPUTS = frozenset({"region", "tagsAll"})
"""What Check itself adds to the inputs."""


class KeptResource(Resource):
    """A type that refuses what the box does not emulate, and reads back from the side store what moto drops."""

    accepts: ClassVar[frozenset[str]]
    """Every input that is emulated; another one would be lost without a word, so it is refused."""

    def validate(self, inputs: Props) -> list[tuple[str, str]]:
        """Return the inputs that the box does not emulate."""
        unknown = sorted(key for key in inputs if not key.startswith(INTERNAL_PREFIX))
        return [
            (
                key,
                f"AWS in a box does not emulate this input of {self.token}; it takes {', '.join(sorted(self.accepts))}",
            )
            for key in unknown
            if key not in self.accepts | COMMON_INPUTS
        ]

    def keep(self, ctx: Context, resource_id: str, inputs: Mapping[str, Any]) -> None:
        """Keep what moto drops of `inputs`; replaces what was kept before."""
        ctx.side.put(self.token, resource_id, {key: inputs[key] for key in sorted(self.side_stored) if key in inputs})

    def kept(self, ctx: Context, resource_id: str) -> Props:
        """Return what `keep` kept."""
        return ctx.side.get(self.token, resource_id)

    def shown(self, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> Props:
        """Return those of `outputs` that the program set or AWS makes up; on import, all that are not empty."""
        if not inputs:
            return {key: value for key, value in outputs.items() if value not in (None, "", [], {})}
        wanted = self.computed | inputs.keys() | COMMON_INPUTS
        return {key: self._block(key, value, inputs.get(key)) for key, value in outputs.items() if key in wanted}

    def _block(self, key: str, value: Any, given: Any) -> Any:
        """Return a block without the fields that AWS filled in because the program left them out."""
        if not (isinstance(value, Mapping) and isinstance(given, Mapping)):
            return value
        return {
            field: item
            for field, item in value.items()
            if field in given or f"{key}.{field}" not in self.computed_fields
        }


def outside(value: Any, low: float, high: float) -> bool:
    """Tell whether a known number lies outside its bounds; an absent or unknown one does not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and not low <= value <= high
