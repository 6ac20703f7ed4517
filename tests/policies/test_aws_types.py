"""Claim: the tables of taggable and regional types say what the installed pulumi_aws says."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from catalog.families import canonical
from policies.aws_types import has_region, is_taggable

TOKEN = re.compile(r'@pulumi\.type_token\("(aws:[^"]+)"\)\nclass \w+\(pulumi\.CustomResource\)')


def classes() -> Iterator[tuple[str, str]]:
    """Yield each resource type with the source of its arguments; sources are read, as importing all takes a minute."""
    spec = find_spec("pulumi_aws")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    for file in sorted(Path(spec.submodule_search_locations[0]).glob("*/*.py")):
        text = file.read_text(encoding="utf-8")
        if found := TOKEN.search(text):
            yield canonical(found[1]), text.partition("\nclass _")[0]


def test_each_type_is_taggable_and_regional_exactly_if_its_class_is() -> None:
    taggable: dict[str, bool] = {}
    regional: dict[str, bool] = {}
    for kind, arguments in classes():
        taggable[kind] = taggable.get(kind, False) or "    def tags(self)" in arguments
        regional[kind] = regional.get(kind, False) or "    def region(self)" in arguments
    assert len(taggable) > 1500
    assert [kind for kind in taggable if is_taggable(kind) != taggable[kind]] == []
    assert [kind for kind in regional if has_region(kind) != regional[kind]] == []
