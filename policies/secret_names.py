"""Tells from a name, such as OPENAI_API_KEY or dbPassword, whether its value is to be kept secret."""

import re
from enum import Enum
from functools import lru_cache


class Kind(Enum):
    """What a name says its value is; the text is how messages call it."""

    PASSWORD = "a password, by its name"  # noqa: S105 - a text for messages
    SECRET = "a secret, by its name"  # noqa: S105 - a text for messages
    KEY = "a key, by its name"


def _words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


PASSWORDS = frozenset({"PASSWORD", "PASSWORDS", "PASSWD", "PASSPHRASE", "PWD", "PASS"})
SECRETS = frozenset({"SECRET", "SECRETS", "TOKEN", "TOKENS", "CREDENTIAL", "CREDENTIALS", "APIKEY", "APIKEYS"})
KEYS = frozenset({"KEY", "KEYS"})
OF_SECRET_KEYS = _words_of(
    "ACCESS ACCOUNT ADMIN API APP AUTH CLIENT ENCRYPTION MASTER PRIVATE SECRET SERVICE SESSION SHARED SIGNING"
)
"""Words that, before KEY, say that it is one to be kept secret."""

OPEN_KEYS = _words_of("CACHE FOREIGN HASH IDEMPOTENCY KMS OBJECT PARTITION PRIMARY PUBLIC RANGE S3 SORT TAG")
"""Words that, before KEY, say that it is none of these keys."""

ABOUT = _words_of(
    "ALGORITHM ALIAS ARN ARNS AUDIENCE BUCKET BUDGET COUNT DAYS DIR DIRECTORY ENABLED ENDPOINT EXPIRATION EXPIRES"
    " EXPIRY FIELD FILE FORMAT HEADER HOST HOURS ID IDS ISSUER KIND LENGTH LIMIT LIMITS LOCATION MANAGER MAX MIN MINUTE"
    " MINUTES MODE MS NAME NAMES PARAM PARAMETER PARAMETERS PARAMS PATH PATHS POLICY PORT PREFIX PROVIDER REF REFERENCE"
    " REGION ROTATION SCOPE SECONDS SERVICE SIZE SOURCE SPEC STAGE STORE SUFFIX TABLE TTL TYPE URI URL VERSION"
)
"""Last words of names that say something about a secret, or where it is, but not the secret itself."""

GLUED = re.compile(r"[A-Z]+(?:PASSWORD|PASSWD|SECRET|TOKEN|APIKEY|SECRETKEY|ACCESSKEY|PRIVATEKEY)")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
NUMBER = re.compile(r"\d+$")


@lru_cache(maxsize=4096)
def kind_of_name(name: str) -> Kind | None:
    """Return what a name says its value is, or None where it says nothing, or that the value is no secret."""
    words = _words(name)
    if not words or words[-1] in ABOUT:
        return None
    if PASSWORDS.intersection(words) or any(word.endswith(("PASSWORD", "PASSWD")) for word in words):
        return Kind.PASSWORD
    if SECRETS.intersection(words) or any(GLUED.fullmatch(word) for word in words):
        return Kind.SECRET
    return _key(words)


def _key(words: tuple[str, ...]) -> Kind | None:
    place = next((place for place, word in enumerate(words) if word in KEYS), None)
    if place is None:
        return None
    before = set(words[:place])
    if before & OF_SECRET_KEYS:
        return Kind.SECRET
    return None if before & OPEN_KEYS else Kind.KEY


def _words(name: str) -> tuple[str, ...]:
    split = re.split(r"[^A-Za-z0-9]+", CAMEL.sub("_", name))
    words = (NUMBER.sub("", word).upper() if word.upper() != "S3" else "S3" for word in split)
    return tuple(word for word in words if word)
