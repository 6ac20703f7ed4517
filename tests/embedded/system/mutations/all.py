"""What is spoilt, in two deployments: within one of them, nothing that is spoilt touches another such thing.

Most violations name the resource that is spoilt; where what is spoilt is a setting of another resource, or a rule for
it, they name that one.
"""

from itertools import chain

from tests.embedded.system.mutate import Mutation
from tests.embedded.system.mutations import front, identity, kept, network, nodes, reach, running

AREAS = (kept, identity, front, network, nodes, reach, running)
FIRST: tuple[Mutation, ...] = tuple(chain.from_iterable(area.FIRST for area in AREAS))
SECOND: tuple[Mutation, ...] = tuple(chain.from_iterable(area.SECOND for area in AREAS))
