"""Ways to spoil what stands in documents: policies, the gateway's deployment document, the boot script of nodes."""

import base64
import copy
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.policies.spoiling import GONE, Change, edit

Statement = dict[str, Any]


def statements(
    kind: str, path: str, change: Callable[[Statement], Iterable[Statement]], effect: str = "Allow"
) -> Change:
    """Replace each statement of an effect, in each policy of a type, by each that `change` makes from it."""

    def texts(old: Any) -> Iterator[str]:
        document = json.loads(old) if isinstance(old, str) else {"Statement": []}
        for place, one in enumerate(document["Statement"]):
            if one["Effect"] == effect:
                for changed in change(copy.deepcopy(one)):
                    rows = list(document["Statement"])
                    rows[place] = changed
                    yield json.dumps({**document, "Statement": rows})

    return edit(kind, path, texts)


def fields(**values: Any) -> Callable[[Statement], Iterator[Statement]]:
    """Set fields of a statement; GONE takes one away."""

    def change(old: Statement) -> Iterator[Statement]:
        yield {key: value for key, value in {**old, **values}.items() if value is not GONE}

    return change


def allowing(*rows: Statement) -> str:
    """Return a policy that allows what each row says."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **row} for row in rows]})


def added(kind: str, path: str, *statements_: Statement) -> Change:
    """Add each statement to each policy of a type, in turn; to none where there is no policy."""

    def texts(old: Any) -> Iterator[str]:
        document = json.loads(old) if isinstance(old, str) else {"Version": "2012-10-17", "Statement": []}
        for one in statements_:
            yield json.dumps({**document, "Statement": [*document["Statement"], {"Effect": "Allow", **one}]})

    return edit(kind, path, texts)


def document(change: Callable[[dict[str, Any]], Iterable[dict[str, Any]]]) -> Change:
    """Replace the deployment document by each that `change` makes from it."""

    def texts(old: Any) -> Iterator[str]:
        for new in change(json.loads(old)):
            yield json.dumps(new)

    return edit("lambda/layerVersion", ("code", "assets", "leanto/deployment.json", "text"), texts)


def script(*lines: str) -> Change:
    """Add each line to the boot script of nodes."""

    def texts(old: Any) -> Iterator[str]:
        for line in lines:
            yield base64.b64encode(base64.b64decode(old) + f"{line}\n".encode()).decode()

    return edit("ec2/launchTemplate", "userData", texts)
