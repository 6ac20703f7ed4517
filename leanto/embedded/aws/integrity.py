"""Refuses S3 uploads whose checksum is not that of their bytes; moto 5.2.5 stores whatever checksum it is told."""

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

from werkzeug.wrappers import Response

from leanto.embedded.aws.call import Call
from leanto.embedded.aws.errors import error_response

_CHECKSUMS: Mapping[str, Callable[[bytes], bytes]] = MappingProxyType(
    {
        "x-amz-checksum-sha256": lambda body: hashlib.sha256(body).digest(),
        "x-amz-checksum-sha1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
        "x-amz-checksum-crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
        "content-md5": lambda body: hashlib.md5(body, usedforsecurity=False).digest(),
    }
)


def refusal(call: Call) -> Response | None:
    """Return S3's `BadDigest` when a checksum header of an upload is wrong, None when the upload may go on.

    Bodies in `aws-chunked` encoding carry their checksums inside and are left to moto.
    """
    if call.service != "s3" or call.method != "PUT" or "aws-chunked" in call.headers.get("content-encoding", ""):
        return None
    for header, checksum in _CHECKSUMS.items():
        sent = call.headers.get(header)
        if sent is not None and sent != base64.b64encode(checksum(call.body)).decode():
            return error_response(call, "BadDigest", f"The {header} you specified did not match what we received.")
    return None
