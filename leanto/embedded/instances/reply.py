"""What a stand-in answers to the program that was called: its output and status, or what it is to become."""

from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Reply:
    """Lines without their last end; `become` is a command line in whose place the caller puts itself."""

    stdout: str = ""
    stderr: str = ""
    status: int = 0
    become: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, object]:
        """Return it as JSON can hold it."""
        return asdict(self)
