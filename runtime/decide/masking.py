"""Masking of patterns in a text: what looks like an address, a number or a key gives way to the pattern's name; pure.

This is pattern masking and no more. It knows neither names nor context, and who wants to get a number past it writes it
in words. What has a checksum is masked only where the checksum holds. Time is linear in the length of the text.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

Finder = Callable[[str, int], tuple[int, int] | None]
"""Returns where the first occurrence at or after an index starts and ends."""

# Lengths by country of SWIFT's IBAN registry (ISO 13616), compared with the copy in schwifty 2026.10.1 on 2026-11-25.
_IBAN_COUNTRIES = (
    "NO15 BE16 DK18 FI18 FO18 GL18 NL18 SD18 MK19 SI19 AT20 BA20 EE20 KZ20 LT20 LU20 XK20 CH21 HR21 LI21 "
    "LV21 BG22 BH22 CR22 DE22 GB22 GE22 IE22 ME22 RS22 VA22 AE23 GI23 IL23 IQ23 OM23 SO23 TL23 AD24 CZ24 "
    "ES24 MD24 PK24 RO24 SA24 SE24 SK24 TN24 VG24 LY25 PT25 IS26 TR26 AZ28 CY28 DO28 GT28 HU28 LB28 PL28 "
    "BY28 SV28 AL28 BR29 EG29 PS29 QA29 UA29 JO30 KW30 MU30 NI28 FR27 GR27 IT27 MC27 SM27 BI27 DJ27 MR27 "
    "FK18 MN20 YE30 HN28 ST25 SC31 LC32 MT31 RU33"
)
IBAN_LENGTHS: Mapping[str, int] = MappingProxyType({row[:2]: int(row[2:]) for row in _IBAN_COUNTRIES.split()})

_IBAN_START = re.compile(r"(?<![^\W_])[A-Za-z]{2}[0-9]{2}(?=[ -]?[A-Za-z0-9])")
_CARD_START = re.compile(r"(?<![0-9])[2-6](?=[0-9]{3})(?=(?:[ -]?[0-9]){12})")
_CARD_LENGTHS = range(19, 12, -1)
_EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]{1,64}+@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}(?![\w-])")
_PHONE = re.compile(r"(?<![\w+])(?<![0-9][ -])(?:\+|00)(?:[ ./()-]{0,2}[0-9]){7,15}(?![0-9])")
_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}+"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"
    r"|(?:gh[pousr]|github_pat|glpat|hf|xox[abeoprs]|npm)[-_][A-Za-z0-9_-]{16,}+"
    r"|AIza[A-Za-z0-9_-]{35}"
    r"|eyJ[A-Za-z0-9_-]{8,}+\.eyJ[A-Za-z0-9_-]{8,}+(?:\.[A-Za-z0-9_-]*+)?"
    r"|(?i:bearer)[ ][A-Za-z0-9._~+/-]{20,}+=*"
    r")"
)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----")
_KEY_END = re.compile(r"-----END [A-Z ]{0,30}PRIVATE KEY-----")


def mask(text: str, patterns: Iterable[str]) -> str:
    """Return the text with each occurrence of the named patterns, a selection of `PATTERNS`, as `[name]`."""
    wanted = frozenset(patterns)
    for name, finders in PATTERNS.items():
        if name in wanted:
            for find in finders:
                text = _replaced(text, find, f"[{name}]")
    return text


def _replaced(text: str, find: Finder, replacement: str) -> str:
    parts, done = [], 0
    while found := find(text, done):
        start, end = found
        parts += [text[done:start], replacement]
        done = end
    return "".join([*parts, text[done:]]) if parts else text


def _matching(pattern: re.Pattern[str]) -> Finder:
    def find(text: str, index: int) -> tuple[int, int] | None:
        match = pattern.search(text, index)
        return match.span() if match else None

    return find


def _private_key(text: str, index: int) -> tuple[int, int] | None:
    """Find a private key in PEM; one that has no end goes on to the end of the text."""
    begin = _PRIVATE_KEY.search(text, index)
    if begin is None:
        return None
    end = _KEY_END.search(text, begin.end())
    return begin.start(), end.end() if end else len(text)


def _iban(text: str, index: int) -> tuple[int, int] | None:
    while start := _IBAN_START.search(text, index):
        length = IBAN_LENGTHS.get(start.group()[:2].upper(), 0)
        found, ends = _taken(text, start.start(), length)
        if length and len(found) == length and not text[ends[-1] : ends[-1] + 1].isalnum() and is_iban(found):
            return start.start(), ends[-1]
        index = start.start() + 1
    return None


def _card(text: str, index: int) -> tuple[int, int] | None:
    while start := _CARD_START.search(text, index):
        digits, ends = _taken(text, start.start(), _CARD_LENGTHS[0])
        for length in _CARD_LENGTHS:
            if length <= len(digits) and not text[ends[length - 1] : ends[length - 1] + 1].isdecimal():
                found = digits[:length]
                if found.isdecimal() and passes_luhn(found):
                    return start.start(), ends[length - 1]
        index = start.start() + 1
    return None


def _taken(text: str, start: int, length: int) -> tuple[str, list[int]]:
    """Return the next `length` letters and digits, at most one space or hyphen between any two, and each one's end."""
    ends: list[int] = []
    index = start
    while len(ends) < length and index < len(text):
        if text[index].isascii() and text[index].isalnum():
            ends.append(index + 1)
        elif text[index] not in " -" or text[index - 1] in " -":
            break
        index += 1
    return "".join(text[end - 1] for end in ends), ends


def is_iban(text: str) -> bool:
    """Return whether the checksum of an IBAN without spaces holds (ISO 7064, MOD 97-10)."""
    turned = (text[4:] + text[:4]).upper()
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1


def passes_luhn(digits: str) -> bool:
    """Return whether the checksum of a card number holds (ISO/IEC 7812-1, Luhn)."""
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(int(digit) for digit in digits[::-2])) % 10 == 0


PATTERNS: Mapping[str, tuple[Finder, ...]] = MappingProxyType(
    {
        "key": (_private_key, _matching(_KEY)),
        "email": (_matching(_EMAIL),),
        "iban": (_iban,),
        "card": (_card,),
        "phone": (_matching(_PHONE),),
    }
)
"""What can be masked, in its order: a key may hold what reads as a number, an IBAN what reads as a card."""
