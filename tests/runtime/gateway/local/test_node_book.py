"""Claim: nodes are read again after two seconds of use and no sooner; an unreachable table leaves what was known."""

import asyncio
from dataclasses import dataclass, field

from runtime.aws import AwsError
from runtime.decide.nodes import Node
from runtime.gateway.local.node_book import NodeBook

READY = Node("i-1", "ready", model="m", slots=2, heartbeat=1000)


@dataclass
class Store:
    nodes: list[Node] = field(default_factory=list)
    reads: int = 0
    broken: bool = False

    async def all(self) -> list[Node]:
        self.reads += 1
        if self.broken:
            raise AwsError("dynamodb", "Query", "Unreachable", 0)
        return self.nodes


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def test_nodes_are_read_every_two_seconds_while_somebody_asks() -> None:
    store, clock = Store([READY]), Clock()
    book = NodeBook(store, clock)

    async def look(now: float) -> int:
        clock.now = now
        await asyncio.gather(book.look(), book.look())
        return store.reads

    async def run() -> list[int]:
        return [await look(now) for now in (1000.0, 1001.9, 1002.0, 1500.0, 1400.0)]

    # The last: a clock that was set back says nothing of how old the reading is.
    assert asyncio.run(run()) == [1, 1, 2, 3, 4]


def test_what_was_known_holds_until_it_is_stale() -> None:
    store, clock = Store([READY]), Clock()
    book = NodeBook(store, clock)

    async def run() -> None:
        await book.look()
        store.broken = True
        clock.now = 1014.0
        await book.look()
        assert book.serves("m")
        clock.now = 1016.0
        await book.look()
        assert not book.serves("m")

    asyncio.run(run())


def test_each_node_is_given_once() -> None:
    book = NodeBook(Store([READY, Node("i-2", "ready", model="m", slots=2, busy=1, heartbeat=1000)]), Clock())
    asyncio.run(book.look())
    assert [book.next("m", ()), book.next("m", {"i-1"}), book.next("m", {"i-1", "i-2"})] == [
        READY,
        Node("i-2", "ready", model="m", slots=2, busy=1, heartbeat=1000),
        None,
    ]
    assert book.next("another", ()) is None


def test_a_start_under_way_is_known_and_estimated() -> None:
    book = NodeBook(Store([Node("i-1", "booting", model="m", started=970, heartbeat=1000)]), Clock())
    asyncio.run(book.look())
    assert (book.is_starting("m"), book.is_starting("n")) == (True, False)
    assert (book.wait_seconds("m"), book.wait_seconds("n")) == (90, 120)
