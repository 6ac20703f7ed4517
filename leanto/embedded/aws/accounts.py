"""Which server works in which account.

Moto keeps one state for the whole process, by account. Each running server of a process therefore gets an account of
its own and finds it empty; when it stops, the account's state is dropped. Bucket names stay unique across accounts, as
they are on AWS.
"""

import threading
from typing import Any, cast

from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.s3.models import FakeKey, s3_backends

from leanto.embedded.aws.invocations import Invocations

FIRST_ACCOUNT_ID = 123456789012
_lock = threading.Lock()
_running: dict[str, Invocations] = {}


def claim(invocations: Invocations) -> str:
    """Return the id of an account that no running server of this process uses, empty of resources."""
    with _lock:
        number = FIRST_ACCOUNT_ID
        while str(number) in _running:
            number += 1
        if not _running:
            BackendDict.reset()
            reset_model_data()
        _running[str(number)] = invocations
        return str(number)


def release(account_id: str) -> None:
    """Drop an account and everything in it."""
    with _lock:
        _running.pop(account_id, None)
        for backends in _loaded():
            if account_id in backends:
                if backends is s3_backends:
                    _drop_buckets(account_id)
                del backends[account_id]


def _loaded() -> tuple[BackendDict[Any], ...]:
    """Moto's services that hold anything; it offers no public way to reset one account."""
    return tuple(cast("Any", BackendDict)._instances)  # noqa: SLF001


def _drop_buckets(account_id: str) -> None:
    """Close the files of an account's objects; moto's own reset would close those of every account."""
    for backend in s3_backends[account_id].values():
        for bucket in backend.buckets.values():
            for stored in bucket.keys.values():
                if isinstance(stored, FakeKey):
                    stored.dispose()
            for upload in bucket.multiparts.values():
                upload.dispose()
            s3_backends.bucket_accounts.pop(bucket.name, None)


def invocations_of(account_id: str) -> Invocations | None:
    """Return how functions of an account are run, or None when no server serves it any more."""
    return _running.get(account_id)
