"""A machine for the boot script, with a metadata service of its own."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from leanto.embedded.instances.metadata import InstanceFacts, MetadataService
from tests.infra.node.machine import Machine
from tests.runtime.background_loop import BackgroundLoop

MakeMachine = Callable[..., Machine]
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def background() -> Iterator[BackgroundLoop]:
    loop = BackgroundLoop()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def make_machine(tmp_path_factory: pytest.TempPathFactory, background: BackgroundLoop) -> Iterator[MakeMachine]:
    services = []

    def make(engine: str = "llama.cpp") -> Machine:
        number = next(_numbers)
        service = MetadataService(InstanceFacts(f"i-{number:017x}", "g6.xlarge", "eu-west-1a", "10.42.0.7", "spot"))
        background.run(service.start())
        services.append(service)
        return Machine.make(tmp_path_factory.mktemp("machine"), service, engine)

    yield make
    for service in services:
        background.run(service.close())
        assert service.refused == 0, "the metadata service was asked without a token"


@pytest.fixture
def machine(make_machine: MakeMachine) -> Machine:
    return make_machine()


@pytest.fixture(scope="session")
def booted(make_machine: MakeMachine) -> Machine:
    """A machine that has booted well; to be looked at only."""
    machine = make_machine()
    assert machine.run() == 0, machine.log
    return machine


@pytest.fixture(scope="session")
def booted_with_vllm(make_machine: MakeMachine) -> Machine:
    """The same with the other engine."""
    machine = make_machine("vllm")
    assert machine.run() == 0, machine.log
    return machine


@pytest.fixture
def own(machine: Machine) -> Machine:
    """A machine that has booted well, to boot it again."""
    assert machine.run() == 0, machine.log
    return machine
