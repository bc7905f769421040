import logging
import re

SECRET_PATH = re.compile(r"(/(?:privacy/(?:confirm|package|status)|password/\w+)/)[^\s?]+")


class MaskSecretPaths(logging.Filter):
    """Addresses that carry a secret (a link to prove identity, to a package, to choose a password) are cut in logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        masked = SECRET_PATH.sub(r"\1…", message)
        if masked != message:
            record.msg, record.args = masked, ()
        return True
