"""A key that has a delete marker among its versions can be deleted for good.

Written for moto 5.2.5, whose `_VersionedKeyStore.pop` closes the bodies of all versions, and a delete marker has none:
a bucket in which somebody deleted an object could not be emptied once its versioning is suspended.
"""

from moto.s3.models import FakeKey
from moto.s3.utils import _VersionedKeyStore

TARGET: tuple[type, str] = (_VersionedKeyStore, "pop")


def replacement(store: _VersionedKeyStore, key: str) -> None:
    """Close the bodies of the versions that have one, and forget the key."""
    for version in store.getlist(key, []):
        if isinstance(version, FakeKey):
            version.dispose()
    dict.pop(store, key)
