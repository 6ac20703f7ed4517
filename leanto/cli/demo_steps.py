"""What the demo does with a deployed stack, and what it shows of it."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

from catalog.idle import idle_month
from leanto.check.cost import exported, idle_table
from leanto.check.results import short_type
from leanto.cli import screen
from leanto.cli.exits import CommandError, Exit
from leanto.cli.place import Place

QUESTION = "What is a lean-to, in one sentence?"
ANSWER_TIMEOUT_SECONDS = 60


@dataclass
class Phases:
    """How long each phase took; a phase that fails is not listed."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a block."""
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started

    def table(self) -> Table:
        """Return the times with their sum."""
        table = Table("Phase", "Seconds", show_footer=True)
        for name, seconds in self.seconds.items():
            table.add_row(name, f"{seconds:.1f}")
        table.columns[0].footer, table.columns[1].footer = "total", f"{sum(self.seconds.values()):.1f}"
        return table


@dataclass(frozen=True)
class Answer:
    """What the endpoint said, who answered, and when the first piece of text came, by `time.monotonic`."""

    text: str
    upstream: str
    first_at: float


def ask(base_url: str, key: str, model: str, *, show: Callable[[str], None] = screen.write, **fields: Any) -> Answer:
    """Ask the endpoint through the stock openai client, show the answer as it comes, and return it.

    Raises:
        CommandError: the endpoint does not answer as OpenAI's would.
    """
    import openai  # noqa: PLC0415 - slow, and only when something is asked

    client = openai.OpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=ANSWER_TIMEOUT_SECONDS)
    said: list[str] = []
    first_at = 0.0
    try:
        with client:
            raw = client.chat.completions.with_raw_response.create(
                model=model, messages=[{"role": "user", "content": QUESTION}], stream=True, **fields
            )
            chunks: Any = raw.parse()
            for chunk in chunks:
                text = (chunk.choices[0].delta.content or "") if chunk.choices else ""
                first_at = first_at or (time.monotonic() if text else 0.0)
                said.append(text)
                show(text)
    except openai.OpenAIError as error:
        raise CommandError(f"the endpoint did not answer: {error}", Exit.FAILED) from error
    if not "".join(said).strip():
        raise CommandError("the endpoint answered with an empty text", Exit.FAILED)
    return Answer("".join(said), raw.headers.get("x-leanto-upstream", ""), first_at)


def created_table(resources: list[Mapping[str, Any]], prefix: str) -> Table:
    """Return what a stack consists of, grouped by component; `prefix` is what all their names begin with."""
    by_urn = {resource["urn"]: resource for resource in resources}
    groups: dict[str, Counter[str]] = {}
    for resource in resources:
        if resource.get("custom") and not resource["type"].startswith("pulumi:"):
            groups.setdefault(_component(resource, by_urn), Counter())[short_type(resource["type"])] += 1
    table = Table("Component", "Resources", "of which", show_footer=True)
    for component in sorted(groups):
        kinds = groups[component]
        told = ", ".join(f"{count} {kind}" if count > 1 else kind for kind, count in sorted(kinds.items()))
        table.add_row(component.removeprefix(prefix), str(kinds.total()), told)
    table.columns[0].footer = "total"
    table.columns[1].footer = str(sum(kinds.total() for kinds in groups.values()))
    return table


def _component(resource: Mapping[str, Any], by_urn: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the name of the nearest component above a resource."""
    parent = by_urn.get(resource.get("parent") or "")
    while parent is not None and parent.get("custom"):
        parent = by_urn.get(parent.get("parent") or "")
    if parent is None or parent["type"] == "pulumi:pulumi:Stack":
        return "the stack itself"
    return str(parent["urn"].rsplit("::", 1)[-1])


def show_what_is_there(place: Place) -> None:
    """Show the resources by component, and what they cost in a month without a request."""
    state = place.deployment.export()
    screen.say(created_table(list(state.get("resources") or ()), f"leanto-{place.stack}-"))
    screen.say(idle_table(idle_month(exported({"deployment": state}), place.region)))
