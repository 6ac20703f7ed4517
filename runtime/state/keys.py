"""Keys of the endpoint: how one is made, read, stored and judged; pure.

A key is `sk-lt-<id>-<secret>`. The id names the item in the table, the secret has 256 random bits, and the table holds
only the SHA-256 of the whole key: with that many random bits a slow hash would add nothing but time to each request.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KEY_PARTITION = "KEYS"
ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
ID_LENGTH = 12
SECRET_BYTES = 32
KEY_PATTERN = r"sk-lt-[a-z2-7]{12}-[A-Za-z0-9_-]{43}"
BEARER_PATTERN = f"^Bearer {KEY_PATTERN}$"
"""What API Gateway lets through to the authorizer (identity validation expression)."""

ACTIVE = "active"
REVOKED = "revoked"

_KEY = re.compile(f"({KEY_PATTERN})")
_BEARER = re.compile(f"Bearer ({KEY_PATTERN})")


@dataclass(frozen=True)
class NewKey:
    """A key just made; `text` is shown to its owner once and kept nowhere."""

    key_id: str
    text: str = field(repr=False)

    @property
    def hash(self) -> str:
        """What the table holds of the key."""
        return hash_key(self.text)


@dataclass(frozen=True)
class KeyRecord:
    """A key as the table holds it; `models` is None for all models, `expires_at` is in seconds since the epoch.

    `limited` says that the table must hold limits of the key: without them it is not admitted. `data_class` bounds
    where its requests may be processed; empty is everywhere.
    """

    key_id: str
    hash: str = field(repr=False)
    name: str
    team: str
    models: tuple[str, ...] | None
    state: str
    expires_at: int | None
    limited: bool = False
    data_class: str = ""

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> "KeyRecord":
        """Read a key item of the table."""
        models = values.get("models")
        expires_at = values.get("expires_at")
        return cls(
            key_id=str(values["sk"]),
            hash=str(values["hash"]),
            name=str(values.get("name", "")),
            team=str(values.get("team", "")),
            models=None if models is None else tuple(str(model) for model in models),
            state=str(values.get("state", "")),
            expires_at=None if expires_at is None else int(expires_at),
            limited=bool(values.get("limited")),
            data_class=str(values.get("data_class", "")),
        )

    def admits(self, key: str, *, now_epoch_seconds: float) -> bool:
        """Return whether `key` is this one and may be used now."""
        same = hmac.compare_digest(self.hash.encode(), hash_key(key).encode())
        expired = self.expires_at is not None and self.expires_at <= now_epoch_seconds
        return same and self.state == ACTIVE and not expired


def make_key() -> NewKey:
    """Make a new random key."""
    key_id = "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH))
    return NewKey(key_id, f"sk-lt-{key_id}-{secrets.token_urlsafe(SECRET_BYTES)}")


def key_of_header(authorization: str) -> str | None:
    """Return the key in an Authorization header, or None when the header does not hold one in exactly our form."""
    match = _BEARER.fullmatch(authorization)
    return match.group(1) if match else None


def key_id_of(key: str) -> str:
    """Return the id in a key; raises ValueError, without quoting it, when it has another form."""
    if not _KEY.fullmatch(key):
        raise ValueError("this is not a key of the form sk-lt-<id>-<secret>")
    return key.split("-")[2]


def hash_key(key: str) -> str:
    """Return the SHA-256 of a whole key in hexadecimal."""
    return hashlib.sha256(key.encode()).hexdigest()
