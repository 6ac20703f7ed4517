"""Requests to whoever has files: by HTTP(S) only, and what opens a host's door is never shown to another host."""

import http.client
import ipaddress
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import closing
from email.message import Message
from typing import IO, Protocol
from urllib.parse import SplitResult, urlsplit

from leanto.artefacts.errors import SourceError

AUTHORIZATION = "Authorization"
MAXIMUM_DOCUMENT_BYTES = 4 << 20


class Access(Protocol):
    """How requests to a source are let in."""

    def headers(self, url: str) -> Mapping[str, str]:
        """Return the headers that a request to this address needs."""

    def refused(self, challenge: str) -> bool:
        """Take the challenge of an answer with 401; tell whether it is worth another try with new headers."""


class Open:
    """Needs no permission."""

    def headers(self, url: str) -> Mapping[str, str]:
        """Return none."""
        del url
        return {}

    def refused(self, challenge: str) -> bool:
        """Give up."""
        del challenge
        return False


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows to other hosts without what only the first one may see, and never out of TLS."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        old, new = urlsplit(req.full_url), urlsplit(newurl)
        if new.scheme not in {"http", "https"} or (old.scheme == "https" and new.scheme != "https"):
            raise SourceError(f"{old.hostname} sends us on to {new.scheme}://{new.hostname}, which is not followed")
        made = super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]
        if made is not None and _origin(old) != _origin(new):
            made.headers.pop(AUTHORIZATION, None)
        return made


def _origin(url: SplitResult) -> tuple[str, str]:
    return url.scheme, url.netloc


_opener = urllib.request.build_opener(_Redirects)


def request(url: str, headers: Mapping[str, str], silence_seconds: float) -> http.client.HTTPResponse:
    """Send a GET and return the answer, whatever its status; the caller closes it.

    Raises:
        OSError: nobody answered, or nothing came for `silence_seconds`.
    """
    asked = urllib.request.Request(url, headers={"Accept-Encoding": "identity", **headers})  # noqa: S310 - see below
    if urlsplit(url).scheme not in {"http", "https"}:
        raise SourceError(f"{url!r} is no address of HTTP")
    try:
        answer: http.client.HTTPResponse = _opener.open(asked, timeout=silence_seconds)
    except urllib.error.HTTPError as error:
        return error  # type: ignore[return-value]
    return answer


def document(url: str, headers: Mapping[str, str], access: Access, silence_seconds: float) -> bytes:
    """Return a small document. Raises SourceError when it is not given, OSError when nobody answers."""
    for _ in range(2):
        with closing(request(url, {**headers, **access.headers(url)}, silence_seconds)) as answer:
            if answer.status == 200:
                content = bytes(answer.read(MAXIMUM_DOCUMENT_BYTES + 1))
                if len(content) > MAXIMUM_DOCUMENT_BYTES:
                    raise SourceError(f"{url} is longer than {MAXIMUM_DOCUMENT_BYTES} bytes")
                return content
            if answer.status == 401 and access.refused(answer.headers.get("WWW-Authenticate", "")):
                continue
            raise SourceError(f"{url} is not given: {answer.status} {answer.reason}")
    raise SourceError(f"{url} is not given: 401 with a token too")


def is_loopback(url: str) -> bool:
    """Tell whether an address is one of this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
