"""Tags: which a stack must have, which the program sets itself, and what AWS takes."""

from infra.readers import text

REQUIRED_TAGS = ("owner", "cost-centre", "data-class")
OWN_TAGS = ("app", "environment", "leanto:stack")
"""Set by the program: the budget filters by the last one, and the stop function knows the stack's group by it."""
OBJECT_TAGS_MAXIMUM = 10
"""S3 takes ten tags on an object; bundles are objects and carry the stack's tags."""
TAGS_MAXIMUM = OBJECT_TAGS_MAXIMUM - len(OWN_TAGS)

_LETTERS = r"A-Za-z0-9 _.:/=+\-@"
_WORDS = "letters, digits, space and _ . : / = + - @"

TAG_KEY = text(
    rf"(?!(?i:aws|leanto):)(?! )[{_LETTERS}]{{1,128}}(?<! )",
    f"1 to 128 of {_WORDS}, not beginning with aws: or leanto:",
)
TAG_VALUE = text(rf"(?! )[{_LETTERS}]{{1,256}}(?<! )", f"1 to 256 of {_WORDS}")
