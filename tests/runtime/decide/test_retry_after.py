"""Claim: what an upstream asks to wait is understood in all its forms, also where its clock or ours is wrong."""

import pytest

from runtime.decide.retry_after import retry_after_seconds

NOW = 1_795_000_000.0
DATE = "Wed, 18 Nov 2026 08:{:02}:{:02} GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "1"}, 1.0),
        ({"retry-after": "99999999"}, 86_400.0),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": DATE.format(10, 30), "date": DATE.format(10, 0)}, 30.0),
        ({"retry-after": DATE.format(10, 0), "date": DATE.format(10, 30)}, 0.0),
        ({"retry-after": "Wed, 18 Nov 2026 11:06:45 GMT"}, 5.0),
        ({"retry-after": "Wed, 18 Nov 2026 11:06:45 GMT", "date": "today"}, 5.0),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, 86_400.0),
        ({"retry-after": "Wed, 99 Nov 2026 11:06:45 GMT"}, None),
    ],
    ids=str,
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers, NOW) == seconds
