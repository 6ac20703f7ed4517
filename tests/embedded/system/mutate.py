"""Ways to spoil the program, one property at a time, so that what it deploys breaks one claim.

The program itself is spoilt: a stack transformation changes the arguments of its resources as they are made.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from infra import program
from leanto.check.results import Synthesis
from leanto.check.results import SynthesisedResource as Row
from tests.embedded.system.account import Claim

Props = dict[str, Any]
Made = Mapping[tuple[str, str], pulumi.Resource]
"""The program's resources by type and logical name, both without what all have in common."""

GONE = object()


def aws_id(row: Row) -> str:
    """Return what AWS itself calls a resource; Pulumi's id is something else for some types."""
    match kind(row.type):
        case "budgets/budget":
            return str(row.inputs["name"])
        case "apigateway/stage":
            return f"{row.inputs['stageName']} of {row.inputs['restApi']}"
        case "apigateway/methodSettings":
            return f"{row.inputs['stageName']} of {row.inputs['restApi']}"
        case "s3/bucketObjectv2":
            return f"{row.inputs['bucket']}/{row.inputs['key']}"
    return str(row.id)


def kind(token: str) -> str:
    """Return a type without `aws:` and the part after the second colon."""
    return token.removeprefix("aws:").rpartition(":")[0]


@dataclass(frozen=True)
class Mutation:
    """One thing spoilt: the claim that must break, the resource by type and end of its logical name, and how.

    Either `change` spoils the arguments of the resource, or `add` adds it. `named` is what the violation must name,
    and `spread` all of them where that is more than one resource.
    """

    claim: Claim
    what: str
    type: str
    name_end: str
    change: Callable[[Props], None] | None = None
    add: Callable[[Made], pulumi.Resource] | None = None
    named: Callable[[Row], str] = aws_id
    spread: Callable[[Synthesis], set[str]] | None = None

    def __str__(self) -> str:
        return f"{self.claim.__name__}: {self.what}"

    def concerns(self, token: str, name: str) -> bool:
        """Return whether a resource is the one to spoil."""
        return kind(token) == self.type and name.endswith(self.name_end)

    def names(self, synthesis: Synthesis) -> set[str]:
        """Return what violations must name."""
        if self.spread:
            return self.spread(synthesis)
        (row,) = (row for row in synthesis.resources if self.concerns(row.type, row.name))
        return {self.named(row)}


M = Mutation


def spoilt(mutations: tuple[Mutation, ...]) -> Callable[[], None]:
    """Return the program with all `mutations`. It raises LookupError when it has not what one of them spoils."""

    def run() -> None:
        made: dict[tuple[str, str], pulumi.Resource] = {}
        due = list(mutations)

        def transform(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
            made[kind(args.type_), args.name] = args.resource
            props = dict(args.props)
            for mutation in [one for one in due if one.concerns(args.type_, args.name)]:
                due.remove(mutation)
                if mutation.change:
                    mutation.change(props)
            return pulumi.ResourceTransformationResult(props, args.opts)

        pulumi.runtime.register_stack_transformation(transform)
        program.main()
        for add in [mutation.add for mutation in mutations if mutation.add]:
            add(dict(made))
        if due:
            raise LookupError(f"the program has no resource to spoil for {', '.join(map(str, due))}")

    return run


def one(made: Made, wanted: str, name_end: str) -> Any:
    """Return the program's resource of a type whose name ends so."""
    found = [resource for (token, name), resource in made.items() if token == wanted and name.endswith(name_end)]
    if len(found) != 1:
        raise LookupError(f"{len(found)} resources of type {wanted} end in {name_end!r}")
    return found[0]


def put(path: str, value: Any) -> Callable[[Props], None]:
    """Set (or with GONE remove) the argument at a dotted path, in which numbers are places in lists."""

    def change(props: Props) -> None:
        *parents, last = path.split(".")
        target: Any = props
        for part in parents:
            target = _inside(target, part)
        if isinstance(target, list) and value is GONE:
            del target[int(last)]
        elif isinstance(target, list):
            target[int(last)] = value
        elif isinstance(target, dict):
            target[last] = None if value is GONE else value
        else:
            setattr(target, last, None if value is GONE else value)

    return change


def _inside(target: Any, part: str) -> Any:
    if isinstance(target, list):
        return target[int(part)]
    return target[part] if isinstance(target, dict) else getattr(target, part)


def both(*changes: Callable[[Props], None]) -> Callable[[Props], None]:
    """Make several changes of one resource."""

    def change(props: Props) -> None:
        for one_change in changes:
            one_change(props)

    return change


def statement(sid: str, field: str, value: Any, property_name: str = "policy") -> Callable[[Props], None]:
    """Set (or with GONE remove) a field of a policy's statement."""

    def edit(text: str) -> str:
        document = json.loads(text)
        found = next(one for one in document["Statement"] if one["Sid"] == sid)
        if value is GONE:
            del found[field]
        else:
            found[field] = value
        return json.dumps(document)

    return lambda props: props.update({property_name: pulumi.Output.from_input(props[property_name]).apply(edit)})


def trust(field: str, value: Any) -> Callable[[Props], None]:
    """Set (or with GONE remove) a field of a role's trust policy."""
    return statement("Service", field, value, "assume_role_policy")


def of(key: str) -> Callable[[Row], str]:
    """Return what names the resource that an input of the spoilt one names."""
    return lambda row: str(row.inputs[key])
