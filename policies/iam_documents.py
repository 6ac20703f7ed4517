"""Reads IAM and resource policies statement by statement, however they are written, so that rules ask what they allow.

Documents come as JSON text or as objects; names of elements are read in any case, single values as lists of one.
What is unknown inside one statement leaves that statement unread, and hides nothing in the others.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from policies.reading import Block, Unread, Value
from policies.rule import Outcome, each
from policies.stack import Item

Check = Callable[["Statement"], Iterator[Outcome]]
Row = TypeVar("Row")
EFFECTS = ("allow", "deny")
NO_ACTION = "~" * 64
"""No action or service is called like this: only a pattern for all takes it in."""


class Statement:
    """One statement of a policy. `path` is where it stands; elements are asked for by AWS's names."""

    __slots__ = ("_elements", "path")

    def __init__(self, block: Block) -> None:
        self.path = block.path
        self._elements = elements(block)

    def at(self, name: str) -> str:
        """Return the path of an element, as it is written in the document."""
        found = self.element(name)
        return found.path if found else f"{self.path}.{name}"

    def element(self, name: str) -> Value | None:
        """Return an element such as "NotAction" or "Condition", or None when it is missing."""
        return self._elements.get(name.lower())

    def has(self, name: str) -> bool:
        """Tell whether an element is there, known or not."""
        return name.lower() in self._elements

    def values(self, name: str) -> tuple[Value, ...]:
        """Return the values of an element, each for itself. Raises Unread when the whole element is unknown."""
        found = self.element(name)
        return () if found is None else found.values()

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the texts of an element. Raises Unread when any of them is unknown."""
        return tuple(value.text() for value in self.values(name))

    def any_of(self, name: str, test: Callable[[str], bool]) -> bool:
        """Tell whether a text of an element passes a test. Raises Unread when none is known to and one could."""
        return any_known(self.values(name), lambda value: test(value.text()))

    @property
    def sid(self) -> str:
        """The statement's own name for messages, or "" where it has none that is known."""
        found = self.element("Sid")
        return found.raw if found and isinstance(found.raw, str) else ""

    @property
    def allows(self) -> bool:
        """Whether the statement allows; the others deny."""
        found = self.element("Effect")
        if found is None:
            raise Unread(f"{self.path}.Effect", "the statement says neither Allow nor Deny")
        effect = found.text().strip().lower()
        if effect not in EFFECTS:
            raise Unread(found.path, "expected Allow or Deny")
        return effect == "allow"

    @property
    def conditional(self) -> bool:
        """Whether the statement has a condition at all, whatever it says."""
        found = self.element("Condition")
        return found is not None and bool(found.block().keys())

    def names_action(self, action: str) -> bool:
        """Tell whether Action or NotAction of the statement takes in an action such as "bedrock:InvokeModel"."""
        if self.has("NotAction"):
            return not self.any_of("NotAction", lambda pattern: covers(pattern, action))
        return self.any_of("Action", lambda pattern: covers(pattern, action))

    def grants(self, action: str) -> bool:
        """Tell whether the statement allows an action on some resource, under whatever condition."""
        return self.allows and self.names_action(action)

    def granted(self, actions: Iterable[str]) -> tuple[str, ...]:
        """Return those of some actions that the statement allows.

        Raises Unread when it allows none that is known, and could allow one.
        """
        if not self.allows:
            return ()
        found = []
        unread: Unread | None = None
        for action in actions:
            try:
                if self.names_action(action):
                    found.append(action)
            except Unread as error:
                unread = unread or error
        if unread and not found:
            raise unread
        return tuple(found)

    def on_everything(self) -> bool:
        """Tell whether the statement is about every resource: "*", an ARN of stars, or all but some."""
        if self.has("NotResource"):
            return True
        return self.any_of("Resource", any_resource)


def statements(document: Block) -> tuple[Value, ...]:
    """Return the statements of a document unread: a list, or a single one. Raises Unread when there are none."""
    found = elements(document).get("statement")
    if found is None:
        raise Unread(document.at("Statement"), "the policy has no statement")
    return found.values()


def each_statement(policy: Value | None, check: Check, item: Item | None = None) -> Iterator[Outcome]:
    """Check each statement of a policy document for itself. A missing document has none."""
    if policy is None:
        return
    # Through `each` as well: a document that is no JSON is one that was not read, beside others that were.
    yield from each((policy,), lambda value: _each(value, check, item), item)


def _each(policy: Value, check: Check, item: Item | None) -> Iterator[Outcome]:
    rows = statements(policy.document())
    yield from each(rows, lambda row: check(Statement(row.block())), item)


def elements(block: Block) -> Mapping[str, Value]:
    """Return what an object of a policy holds by lower-case name. Raises Unread for names that differ in case only."""
    found: dict[str, Value] = {}
    for name, raw in block.raw.items():
        if raw is None:
            continue
        if name.lower() in found:
            raise Unread(block.at(name), "the same element stands there twice, which AWS would not take")
        found[name.lower()] = Value(raw, block.at(name))
    return found


def any_known(rows: Iterable[Row], test: Callable[[Row], bool]) -> bool:
    """Tell whether a row passes a test. Raises Unread when none is known to and one that is unread could."""
    unread: Unread | None = None
    for row in rows:
        try:
            if test(row):
                return True
        except Unread as error:
            unread = unread or error
    if unread:
        raise unread
    return False


def covers(pattern: str, text: str) -> bool:
    """Tell whether a pattern of IAM takes in an action: `*` any characters, `?` one, upper and lower case alike."""
    return matches(pattern.strip().lower(), text.lower())


def matches(pattern: str, text: str) -> bool:
    """Tell whether a pattern with `*` and `?` takes in a text, case as given. No pattern makes it slow."""
    at = place = resume = 0
    star = -1
    while place < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resume, at = at, place, at + 1
        elif at < len(pattern) and pattern[at] in ("?", text[place]):
            at, place = at + 1, place + 1
        elif star >= 0:
            resume += 1
            at, place = star + 1, resume
        else:
            return False
    return not pattern[at:].strip("*")


def stars(text: str) -> bool:
    """Tell whether a text is a wildcard and nothing else."""
    return bool(text) and not text.strip("*")


def any_resource(resource: str) -> bool:
    """Tell whether a resource pattern takes in resources of every service: "*", "arn:*", "arn:aws:*:*:*:*"."""
    text = resource.strip()
    if stars(text):
        return True
    parts = text.split(":")
    whole = stars(parts[-1]) if len(parts) < 3 else stars(parts[2])
    return whole and matches(parts[0].lower(), "arn")


def whole_service(pattern: str, service: str) -> bool:
    """Tell whether a pattern takes in every action of a service, also those that do not exist yet."""
    return covers(pattern, f"{service}:{NO_ACTION}")


def every_service(pattern: str) -> bool:
    """Tell whether a pattern takes in every action of every service."""
    return covers(pattern, f"{NO_ACTION}:{NO_ACTION}")
