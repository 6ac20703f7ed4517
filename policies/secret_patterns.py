"""Tells values that are secrets: by the form that providers give their keys, or by the name that a value stands under.

What is found is told of without the value: a key of a known form by its first four characters, which are the same for
all of that form, and others by their length alone.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from policies.secret_names import Kind, kind_of_name

WORD = r"(?<![A-Za-z0-9_])"
FORMS: tuple[tuple[str, str], ...] = (
    ("a key of Anthropic", WORD + r"sk-ant-[A-Za-z0-9_-]{12,}"),
    ("a key of OpenAI", WORD + r"sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{12,}"),
    ("a key of OpenRouter", WORD + r"sk-or-(?:v\d-)?[A-Za-z0-9_-]{12,}"),
    ("a provider's API key", WORD + r"sk-[A-Za-z0-9]{16,}"),
    ("a token of Hugging Face", WORD + r"hf_[A-Za-z0-9]{16,}"),
    ("an AWS access key", r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    ("a long-lived key of Amazon Bedrock", WORD + r"ABSK[A-Za-z0-9+/]{60,}={0,2}"),
    ("a key of Amazon Bedrock", WORD + r"bedrock-api-key-[A-Za-z0-9+/=]{16,}"),
    ("a key of xAI", WORD + r"xai-[A-Za-z0-9]{16,}"),
    ("a key of Groq", WORD + r"gsk_[A-Za-z0-9]{16,}"),
    ("a key of Google", r"(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{30,}"),
    ("a key of Perplexity", WORD + r"pplx-[A-Za-z0-9]{16,}"),
    ("a key of NVIDIA", WORD + r"nvapi-[A-Za-z0-9_-]{16,}"),
    ("a token of Replicate", WORD + r"r8_[A-Za-z0-9]{20,}"),
    ("a token of GitHub", WORD + r"(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})"),
    ("a token of GitLab", WORD + r"glpat-[A-Za-z0-9_-]{16,}"),
    ("a token of Slack", WORD + r"xox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("a web hook of Slack", r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/]{16,}"),
    ("a key of Stripe", WORD + r"[sr]k_(?:live|test)_[A-Za-z0-9]{16,}"),
    ("a key of SendGrid", WORD + r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("a token of npm", WORD + r"npm_[A-Za-z0-9]{30,}"),
    ("a token of PyPI", WORD + r"pypi-AgEI[A-Za-z0-9_-]{30,}"),
    ("a token of Pulumi", WORD + r"pul-[a-f0-9]{40}"),
    ("a token of Databricks", WORD + r"dapi[a-f0-9]{32}"),
    ("a private key", r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"),
    ("a signed token", WORD + r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    ("a key of Azure Storage", r"AccountKey=[A-Za-z0-9+/]{40,}={0,2}"),
)
"""What keys look like, and how to call them in messages (providers' documentation of their keys)."""

KNOWN = re.compile("|".join(f"(?P<f{place}>{form})" for place, (_, form) in enumerate(FORMS)))
CONNECTION = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s:/@'\"]{0,64}:(?P<password>[^\s/@'\"]{1,128})@[^\s/'\"]+")
AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
ASSIGNMENT = re.compile(
    r"(?P<name>[A-Za-z_][A-Za-z0-9_.-]{0,80})[\"']?[ \t]{0,8}(?:=|:|=>)[ \t]{0,8}"
    r"(?P<value>\"[^\"\n]{1,512}\"|'[^'\n]{1,512}'|[^\s\"',;&|<>()]{1,512})"
)
BEARER = re.compile(r"(?i)\bauthorization:\s{0,4}(?:bearer|basic)\s{1,4}(?P<value>[A-Za-z0-9+/=._~-]{12,})")

PLACEHOLDER = re.compile(
    r"(?i)(?:change[-_ ]?(?:me|it|this)|place[-_ ]?holder|dummy|example|none|null|nil|n/?a|todo|tbd|unset|not[-_ ]?set"
    r"|default|empty|fill[-_ ]?(?:me|in).*|x{3,}|\*{3,}|\.{3,}|redacted|masked|fake.*|my[-_](?:api[-_]?)?(?:key|token)"
    r"|(?:your|insert|replace|set|enter|add)[-_ ].*|replace(?:d|me|with.*)?|to[-_ ]be[-_ ].*|\[.*\]|<.*>|%.*%|\{\})"
)
POINTER = re.compile(r"(?i)(?:arn:|ssm:|secretsmanager:|secret:|parameter:|vault:|file:|env:|kms:|alias/|\$|`|\{\{|@@)")
URL = re.compile(r"(?i)[a-z][a-z0-9+.-]*://\S+")
PATH = re.compile(r"[./~]?(?:/?[A-Za-z0-9_.$@{}-]+)(?:/[A-Za-z0-9_.$@{}-]+)+/?|[./~]*/[A-Za-z0-9_.-]+/?")
FLAG = re.compile(r"(?i)true|false|yes|no|on|off|enabled?|disabled?|required|optional")
PLAIN = re.compile(rf"(?i)[-+]?\d+(?:\.\d+)?%?|{FLAG.pattern.removeprefix('(?i)')}")
BETWEEN = re.compile(r"[/_.\-:@]+")
SHORTEST_SECRET, SHORTEST_KEY, SHORTEST_PASSWORD = 8, 16, 3
ENTROPY_BITS = 4.45
"""Bits a character: most random 40 of base64 have 4.6 or more, words and paths less."""


@dataclass(frozen=True)
class Found:
    """A value that looks like a secret: like what, its first four characters where a form has them, and its length."""

    looks_like: str
    start: str
    length: int

    def __str__(self) -> str:
        begins = f' that begins with "{self.start}"' if self.start else ""
        return f"it looks like {self.looks_like}{begins}, {self.length} characters long"


def known_secret(text: str) -> Found | None:
    """Return the first secret of a known form in a text: a provider's key, or a connection string with a password."""
    match = KNOWN.search(text)
    if match:
        looks_like = FORMS[int(str(match.lastgroup)[1:])][0]
        return Found(looks_like, match.group()[:4], len(match.group()))
    for match in CONNECTION.finditer(text):
        if not _no_value(match["password"]):
            return Found("a password in a connection string", "", len(match["password"]))
    return None


def redacted(text: str) -> str:
    """Return a text in which secrets of a known form are gone but for their first four characters."""
    without = KNOWN.sub(lambda match: f"{match.group()[:4]}...", text)
    return CONNECTION.sub(lambda match: match.group().replace(f":{match['password']}@", ":...@"), without)


def named_secret(name: str, value: str) -> Found | None:
    """Return what a value is that stands under a name: a secret of a known form, or one by its name, or None."""
    found = known_secret(value) or _aws_secret(value)
    if found:
        return found
    kind = kind_of_name(name)
    text = value.strip().strip("\"'").removeprefix("Bearer ")
    return Found(kind.value, "", len(text)) if kind and _is_secret(kind, text) else None


def secret_in_text(text: str) -> Found | None:
    """Return the first secret in a script or configuration: of a known form, or assigned to a name that tells."""
    return next(_in_text(text), None)


def is_placeholder(value: str) -> bool:
    """Tell whether a value stands for one that a person fills in later."""
    text = value.strip()
    return not text or PLACEHOLDER.fullmatch(text) is not None


def _in_text(text: str) -> Iterator[Found]:
    found = known_secret(text) or _aws_secret(text)
    if found:
        yield found
    for match in BEARER.finditer(text):
        if not _no_value(match["value"]):
            yield Found("a token in a header", "", len(match["value"]))
    for match in ASSIGNMENT.finditer(text):
        named = named_secret(match["name"], match["value"])
        if named:
            yield named


def _aws_secret(text: str) -> Found | None:
    """Forty characters of base64 that no word, path or hash has."""
    for match in AWS_SECRET.finditer(text):
        value = match.group()
        if _mixed(value) and _entropy(value) >= ENTROPY_BITS and not _words(value):
            return Found("an AWS secret key", "", len(value))
    return None


def _is_secret(kind: Kind, text: str) -> bool:
    if _no_value(text) or FLAG.fullmatch(text) or URL.fullmatch(text) or _path(text):
        return False
    if kind is Kind.PASSWORD:
        return len(text) >= SHORTEST_PASSWORD
    if PLAIN.fullmatch(text) or _words(text) or any(letter.isspace() for letter in text):
        return False
    return len(text) >= (SHORTEST_SECRET if kind is Kind.SECRET else SHORTEST_KEY)


def _no_value(text: str) -> bool:
    return is_placeholder(text) or POINTER.match(text) is not None or "${" in text or "$(" in text


def _words(text: str) -> bool:
    """Tell whether a text is made of words with something between, as names of secrets, tables and paths are."""
    parts = [part for part in BETWEEN.split(text) if part]
    return len(parts) > 1 and all(part.isalpha() or part.isdigit() or len(part) <= 4 for part in parts)


def _path(text: str) -> bool:
    """Tell whether a text is a path, of which no part looks as if it were made at random."""
    return PATH.fullmatch(text) is not None and not any(len(part) >= 16 and _mixed(part) for part in text.split("/"))


def _mixed(text: str) -> bool:
    return all(any(test(letter) for letter in text) for test in (str.isupper, str.islower, str.isdigit))


def _entropy(text: str) -> float:
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
