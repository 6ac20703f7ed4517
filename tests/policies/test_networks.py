"""Claim: ranges count by the public addresses that they hold together, and ports by what they overlap."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.networks import ALL, Ports, holds, is_open, segments

NETWORKS = st.builds(
    lambda address, length: ipaddress.IPv4Network((address, length), strict=False),
    st.integers(0, 2**32 - 1),
    st.integers(0, 32),
)
PORTS = st.builds(
    lambda protocol, low, high: Ports(protocol, min(low, high), max(low, high)),
    st.sampled_from(("tcp", "udp")),
    st.integers(0, 65535),
    st.integers(0, 65535),
)


@pytest.mark.parametrize(
    ("cidrs", "expected"),
    [
        (("0.0.0.0/0",), True),
        (("0.0.0.0/1", "128.0.0.0/1"), True),
        (("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3"), False),
        (("8.0.0.0/8",), False),
        (("8.0.0.0/7",), True),
        (("8.0.0.0/8", "8.0.0.0/9"), False),
        (("8.0.0.0/8", "9.9.9.9/32"), True),
        (("::/0",), True),
        (("::/1", "8000::/1"), True),
        (("8000::/1",), False),
        (("2001:db8::/32",), False),
        (("2001:db8::/31",), True),
    ],
)
def test_more_public_addresses_than_one_network_has_are_the_internet(cidrs: tuple[str, ...], expected: bool) -> None:
    assert is_open(map(ipaddress.ip_network, cidrs)) is expected


@given(st.lists(NETWORKS, max_size=6), NETWORKS)
def test_a_further_range_never_closes_what_is_open(
    rows: list[ipaddress.IPv4Network], other: ipaddress.IPv4Network
) -> None:
    assert is_open([*rows, other]) or not is_open(rows)


@given(NETWORKS)
def test_a_range_is_as_open_as_its_two_halves(row: ipaddress.IPv4Network) -> None:
    halves = list(row.subnets()) if row.prefixlen < 32 else [row]
    assert is_open(halves) == is_open([row])


@given(st.lists(PORTS, min_size=1, max_size=5))
def test_every_piece_is_held_whole_or_not_at_all(rows: list[Ports]) -> None:
    for piece in segments(rows):
        for row in rows:
            overlaps = row.protocol == piece.protocol and row.low <= piece.high and piece.low <= row.high
            assert holds(row, piece) is overlaps


def test_all_protocols_hold_every_piece() -> None:
    assert all(holds(Ports(ALL), piece) for piece in segments([Ports("tcp", 22, 22), Ports("udp", 53, 99)]))
