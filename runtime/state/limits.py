"""The limits of keys, teams and the stack in its table: one item, so that one read tells of all; written by people.

The item (`pk` LIMITS, `sk` ALL) holds a number for each limit, such as `month#key#<id>`, `day#team#<name>`,
`rpm#key#<id>`, and for what is topped up, such as `2026-11#key#<id>`; see `runtime.decide.limits`.
"""

from typing import Any, Protocol

from runtime.decide.limits import LimitBook

LIMIT_PARTITION = "LIMITS"
LIMIT_ITEM = "ALL"


class Values(Protocol):
    """A store that is asked for what an item holds, as `runtime.state.table.Table` is."""

    async def values(self, partition: str, sort: str) -> dict[str, Any]:
        """Return what an item holds; empty when there is none."""


async def read_limits(table: Values) -> LimitBook:
    """Return all limits, read consistently; raises AwsError when the table refuses or does not answer."""
    return LimitBook(await table.values(LIMIT_PARTITION, LIMIT_ITEM))
