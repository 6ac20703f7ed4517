"""A module of the failing program."""


def deep(settings: dict[str, str]) -> int:
    return int(settings["size"])
