"""Letters to the data subject: from texts in their language, through an outbox, by e-mail."""

from erasure.requests.letters.writing import send_letter, send_letter_to, send_letters

__all__ = ["send_letter", "send_letter_to", "send_letters"]
