"""What becomes known of a request's cost while it runs; pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.decide.prices import Price, Usage, true_price
from runtime.decide.usage import ENDS, read_usage
from runtime.gateway.events import DONE, data_of

_USAGE = re.compile(rb'"usage"\s*:\s*\{')


@dataclass(frozen=True)
class Charge:
    """What a request is charged, in micro-dollars; `estimated` says that the usage is not known."""

    amount: int
    estimated: bool


@dataclass
class Meter:
    """The state of one request to a provider, as far as money goes.

    `sent`: the provider may have got it. `refused`: the provider said that it does nothing for it. `complete`: the
    answer is whole, so that the last usage in it is the final one.
    """

    wants_usage: bool = True
    usage: Usage | None = None
    sent: bool = False
    refused: bool = False
    complete: bool = False

    def take_document(self, document: Mapping[str, Any]) -> None:
        """Take note of a whole answer that is not streamed."""
        self.usage = read_usage(document)
        self.complete = True

    def take_event(self, event: bytes) -> bool:
        """Take note of an event of a stream; returns whether the client gets it.

        The last usage counts, as servers repeat it. The chunk that holds nothing else is for those who asked for it.
        """
        if b'"usage"' not in event and DONE not in event:
            return True
        data = data_of(event)
        self.complete = self.complete or data == DONE
        if not _USAGE.search(data):
            return True
        try:
            chunk = json.loads(data)
        except (ValueError, RecursionError):
            return True
        if not isinstance(chunk, dict):
            return True
        self.usage = read_usage(chunk) or self.usage
        self.complete = self.complete or str(chunk.get("type")) in ENDS
        return self.wants_usage or chunk.get("choices") != []

    def charge(self, price: Price, reserved: int) -> Charge:
        """Return what the request is charged when it ends now: nothing only if it is sure that nobody billed it."""
        if not self.sent or self.refused:
            return Charge(0, estimated=False)
        if self.complete and self.usage is not None:
            return Charge(true_price(price, self.usage), estimated=False)
        return Charge(reserved, estimated=True)
