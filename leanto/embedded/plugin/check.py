"""Check: what the program wrote becomes what AWS will be asked for, with names, defaults, region and default tags."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leanto.embedded.plugin import naming, tags
from leanto.embedded.plugin.configuration import Configuration
from leanto.embedded.plugin.resource import Props, Resource
from leanto.embedded.plugin.values import DEFAULTS_KEY, UNKNOWN, has_unknown, known_only, without_internal


@dataclass(frozen=True)
class Proposal:
    """A name that the engine proposes under `pulumi:autonaming`. `disabled`: the program must give the name itself."""

    name: str = ""
    enforced: bool = False
    disabled: bool = False


NO_PROPOSAL = Proposal()


@dataclass(frozen=True)
class Checked:
    """The inputs as all later steps see them, and what is wrong with them as (property, reason)."""

    inputs: Props
    failures: tuple[tuple[str, str], ...]


def check(
    resource: Resource,
    configuration: Configuration,
    name: str,
    olds: Mapping[str, Any],
    news: Mapping[str, Any],
    seed: bytes,
    proposal: Proposal = NO_PROPOSAL,
) -> Checked:
    """Fill in and validate the inputs of the resource called `name`. `olds` are its inputs of the last run, if any."""
    inputs = without_internal(news)
    _write_out_documents(resource, inputs)
    defaulted = _fill_defaults(resource, inputs)
    failures: list[tuple[str, str]] = []
    if resource.auto_name and resource.auto_name.property not in inputs:
        failures += _fill_name(resource, name, inputs, olds, seed, proposal)
        defaulted.append(resource.auto_name.property)
    if resource.regional:
        inputs.setdefault("region", configuration.region)
    if resource.taggable:
        inputs["tagsAll"] = tags.merged(configuration.default_tags, inputs.get("tags"))
    failures += [
        (key, f"{resource.token} needs {key!r} and it is not given: set it")
        for key in sorted(resource.required - inputs.keys())
    ]
    failures += resource.validate(known_only(inputs))
    inputs[DEFAULTS_KEY] = sorted(defaulted)
    return Checked(inputs, tuple(failures))


def _write_out_documents(resource: Resource, inputs: Props) -> None:
    """Turn documents that the program gave as objects into text, as the official provider does."""
    for key in resource.json_documents & inputs.keys():
        if isinstance(inputs[key], Mapping):
            inputs[key] = UNKNOWN if has_unknown(inputs[key]) else json.dumps(inputs[key])


def _fill_defaults(resource: Resource, inputs: Props) -> list[str]:
    missing = [key for key in resource.defaults if key not in inputs]
    inputs.update({key: resource.defaults[key] for key in missing})
    return missing


def _fill_name(
    resource: Resource,
    name: str,
    inputs: Props,
    olds: Mapping[str, Any],
    seed: bytes,
    proposal: Proposal,
) -> list[tuple[str, str]]:
    """Set the name: the one made up in the last run if there is one, else the engine's proposal, else a new one."""
    auto_name = resource.auto_name
    if auto_name is None:
        return []
    key = auto_name.property
    if key in olds and key in olds.get(DEFAULTS_KEY, []):
        inputs[key] = olds[key]
    elif proposal.disabled:
        return [(key, f"{resource.token} needs {key!r}, because pulumi:autonaming is disabled: set it")]
    else:
        try:
            inputs[key] = proposal.name or naming.made_up(auto_name, name, seed)
        except naming.NameTooLongError as error:
            return [(key, str(error))]
    return []
