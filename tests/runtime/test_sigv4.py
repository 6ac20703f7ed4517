"""Claim: requests are signed exactly as AWS's own SDK signs them."""

from datetime import UTC, datetime
from unittest.mock import patch

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SdkCredentials
from hypothesis import given
from hypothesis import strategies as st

from runtime.sigv4 import Credentials, Request, signed_headers

WORD = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-", min_size=1, max_size=12)
ENCODED = st.text("abcXYZ019-_.~!*'()@,;", min_size=0, max_size=8).map(
    lambda text: "".join(c if c.isalnum() or c in "-_.~" else f"%{ord(c):02X}" for c in text)
)
QUERY = st.lists(st.tuples(ENCODED.filter(bool), ENCODED), max_size=4).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
)
PATH = st.lists(ENCODED.filter(lambda part: part not in {"", ".", ".."}), max_size=3).map(lambda ps: "/" + "/".join(ps))
HOST = st.sampled_from(["dynamodb.eu-west-1.amazonaws.com", "127.0.0.1:5000", "localhost:443", "example.org:80"])
HEADER_VALUE = st.lists(st.sampled_from(["ab", "XY;=/", " ", "   "]), max_size=8).map(lambda ps: "".join(ps).strip())
HEADERS = st.dictionaries(st.sampled_from(["Content-Type", "X-Amz-Target", "Accept", "User-Agent"]), HEADER_VALUE)
MOMENT = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1))  # noqa: DTZ001 - hypothesis wants them naive


def sdk_headers(
    request: Request, service: str, region: str, credentials: Credentials, when: datetime
) -> dict[str, str]:
    keys = SdkCredentials(credentials.access_key_id, credentials.secret_access_key, credentials.session_token or None)
    sdk_request = AWSRequest(request.method, request.url, dict(request.headers), request.body)
    moment = when.replace(tzinfo=None)
    with patch.object(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: moment):
        botocore.auth.SigV4Auth(keys, service, region).add_auth(sdk_request)
    return dict(sdk_request.headers.items())


@given(
    scheme=st.sampled_from(["http", "https"]),
    host=HOST,
    path=PATH,
    query=QUERY,
    headers=HEADERS,
    body=st.binary(max_size=200),
    method=st.sampled_from(["GET", "POST", "PUT"]),
    names=st.tuples(WORD, WORD, WORD, WORD),
    token=st.one_of(st.just(""), WORD),
    moment=MOMENT,
)
def test_the_signature_is_the_sdks(scheme, host, path, query, headers, body, method, names, token, moment) -> None:
    service, region, key_id, secret = names
    request = Request(method, f"{scheme}://{host}{path}" + (f"?{query}" if query else ""), headers, body)
    credentials = Credentials(key_id, secret, token)
    when = moment.replace(tzinfo=UTC, microsecond=0)
    ours = signed_headers(request, service=service, region=region, credentials=credentials, when=when)
    theirs = sdk_headers(request, service, region, credentials, when)
    assert ours["Authorization"] == theirs["Authorization"]
    assert ours["X-Amz-Date"] == theirs["X-Amz-Date"]
    assert ours.get("X-Amz-Security-Token") == theirs.get("X-Amz-Security-Token")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://x.example/", "x.example"),
        ("https://x.example:443/", "x.example"),
        ("http://x.example:443/", "x.example:443"),
        ("http://[::1]:8000/", "[::1]:8000"),
    ],
)
def test_the_host_is_signed_as_clients_send_it(url: str, host: str) -> None:
    credentials = Credentials("id", "secret")
    request = Request("GET", url, {"Host": "what the caller says"}, b"")
    headers = signed_headers(request, service="s", region="r", credentials=credentials, when=datetime.now(UTC))
    assert headers["Host"] == host


def test_no_secret_shows_in_a_repr() -> None:
    shown = repr(Credentials("id", "canary-secret", "canary-token")) + repr(Request("GET", "u", {}, b"canary-body"))
    assert "canary" not in shown
