"""Instances of boxes side by side never meet, and the relay looks for nodes where they are."""

import ipaddress

import pytest

from leanto.embedded.functions.bundle import Unpacked
from leanto.embedded.functions.configuration import FunctionConfiguration
from leanto.embedded.functions.variables import variables
from leanto.embedded.instances.addresses import Loopback


def test_two_boxes_have_two_numbers_and_a_closed_one_gives_its_own_up(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Loopback.claim()
    if first is None:
        pytest.skip("this system has no loopback address but 127.0.0.1")
    second = Loopback.claim()
    assert second is not None
    assert second.number != first.number
    first.close()
    third = Loopback.claim()
    assert third is not None
    assert third.number == first.number
    for one in (second, third):
        one.close()


def test_an_address_lies_in_the_networks_that_the_relay_is_told() -> None:
    loopback = Loopback(7)
    assert loopback.address("10.42.3.4") == "127.7.3.4"
    assert loopback.networks("10.42.0.0/22,10.42.4.0/22") == "127.7.0.0/22,127.7.4.0/22"
    assert loopback.networks("10.0.0.0/8") == "127.7.0.0/16"
    assert ipaddress.ip_address("127.7.3.4") in ipaddress.ip_network(loopback.networks("10.42.0.0/22"))


@pytest.mark.parametrize(("loopback", "told"), [(Loopback(7), "127.7.0.0/20"), (None, "10.42.0.0/20")])
def test_a_function_is_told_where_the_networks_of_nodes_are_here(tmp_path, loopback, told: str) -> None:
    function = FunctionConfiguration(
        *("relay", "arn", "eu-west-1", "h", "python3.11", "", (), 128, 3, "", "Text"),
        (("LEANTO_NODE_NETWORKS", "10.42.0.0/20"), ("LEANTO_NODE_PORT", "8443")),
    )
    found = variables(
        function,
        Unpacked(tmp_path, tmp_path),
        runtime_api="",
        endpoint_url="",
        log_stream="",
        temporary=tmp_path,
        loopback=loopback,
    )
    assert (found["LEANTO_NODE_NETWORKS"], found["LEANTO_NODE_PORT"]) == (told, "8443")
