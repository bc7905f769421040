"""Why a message was not taken, in one shape for both protocols; each says it in its own error object."""


class Refused(Exception):
    """`status` is the HTTP status, the message names the remedy and nothing of the person."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def unknown_sender() -> Refused:
    return Refused(403, "This token is not known here, or is no longer valid.")
