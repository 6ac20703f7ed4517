"""Where a request to a host of a managed provider is processed, by the dated table in `data/endpoints.toml`."""

import datetime as dt
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

from catalog.places import EU_REGIONS, US_REGIONS
from catalog.reading import CatalogueError, parse, read_rows

FILE = "endpoints.toml"
PLACES = frozenset({"eu", "us", "region", "deployment", "any"})
_REGION = r"(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)"
LEAVING = ("global", "us", "apac", "jp", "au", "ca", "us-gov")
"""How Bedrock's model ids begin that may be processed outside of the EU; those with `eu` stay in it."""
_MODEL = re.compile(r"(?:arn:[^:]*:bedrock:[^:]*:[^:]*:[a-z-]+/)?(?P<geography>[a-z-]+)\.[a-z0-9-]+\..+")


@dataclass(frozen=True)
class Endpoint:
    """A host of a provider and the place in which it processes requests."""

    host: str
    provider: str
    place: str
    source: str
    date: dt.date
    note: str = ""


@dataclass(frozen=True)
class Destination:
    """Where a URL leads: `place` is "eu", "us", "deployment" or "any"; another AWS region is "any"."""

    provider: str
    place: str
    region: str = ""


@cache
def endpoints() -> tuple[Endpoint, ...]:
    """Return the table. Raises CatalogueError when the data file is wrong."""
    rows = read_rows(FILE, parse(files("catalog") / "data" / FILE), "endpoint", Endpoint)
    for row in rows:
        if row.place not in PLACES:
            raise CatalogueError(f"{FILE}: {row.host}: place must be one of {', '.join(sorted(PLACES))}")
    return rows


def destination(url: str) -> Destination | None:
    """Return where a URL or a host leads, None when the table does not know the host."""
    host = host_of(url)
    for row in endpoints():
        found = _pattern(row.host).fullmatch(host)
        if found:
            region = found.groupdict().get("region") or ""
            return Destination(row.provider, place_of_region(region) if region else row.place, region)
    return None


def host_of(url: str) -> str:
    """Return the host of a URL in lower case, "" when there is none."""
    try:
        return (urlsplit(url if "//" in url else f"//{url}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def place_of_region(region: str) -> str:
    """Return "eu" or "us" for an AWS region, "any" for every other one."""
    return "eu" if region in EU_REGIONS else "us" if region in US_REGIONS else "any"


def geography(model: str) -> str:
    """Return the geography that a model id of Bedrock names: "eu", "us", "global" and so on; "" for none."""
    found = _MODEL.fullmatch(model.strip().lower())
    name = found["geography"] if found else ""
    return name if name == "eu" or name in LEAVING else ""


@cache
def _pattern(host: str) -> re.Pattern[str]:
    text = re.escape(host).replace(r"\*", ".*").replace(r"\{region\}", _REGION)
    return re.compile(text)
