"""Tells a KMS key of the account's own from one that AWS keeps: only the first has a policy that the account writes."""

import re
from collections.abc import Iterator

from policies.reading import Block
from policies.rule import Outcome, Problem

AWS_MANAGED = re.compile(r"(?:^|.*alias/)aws/.*", re.IGNORECASE)
"""AWS KMS, AWS managed keys: their aliases are `aws/` and the service; as ARN or as name."""


def own_key(block: Block, key: str, subject: str) -> Iterator[Outcome]:
    """Yield a problem unless a property names a key of the account's own. `subject` is what the key encrypts."""
    given = block.text(key).strip()
    if not given:
        yield Problem(block.at(key), f"no key is given: AWS encrypts {subject} with a key that it keeps itself")
    elif AWS_MANAGED.fullmatch(given):
        yield Problem(block.at(key), f"AWS encrypts {subject} with its own managed key, whose policy nobody can write")
