import logging
import re
import traceback
from types import TracebackType

SECRET_PATH = re.compile(r"(/(?:privacy/(?:confirm|code|package|status)|tasks/notice|password/\w+)/)[^\s?]+")


class MaskSecretPaths(logging.Filter):
    """Addresses that carry a secret (a link to prove identity, to a package, to choose a password) are cut in logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        masked = SECRET_PATH.sub(r"\1…", message)
        if masked != message:
            record.msg, record.args = masked, ()
        return True


class WithoutValues(logging.Formatter):
    """Of an exception where it came from and what kind it is, not what it says: databases and parsers quote values."""

    def formatException(
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        told = []
        error = ei[1]
        while error is not None:
            code = getattr(error, "sqlstate", None)
            kind = f"{type(error).__module__}.{type(error).__qualname__}{f' ({code})' if code else ''}"
            told.append(
                f"Traceback (most recent call last):\n{''.join(traceback.format_tb(error.__traceback__))}{kind}"
            )
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\nDuring which this came up:\n".join(reversed(told))
