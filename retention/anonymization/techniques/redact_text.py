"""Names, numbers and addresses inside text become a word for what they are; the rest stays readable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from catalog.classification.entities import CATEGORY_OF, find_spans
from catalog.classification.text_spans import Span
from catalog.classification.vocabulary import CATEGORIES, Sensitivity, within
from retention.anonymization.columns import ColumnTechnique, refused
from retention.anonymization.hashing import KeyedHash, subkey
from retention.anonymization.techniques.base import (
    Environment,
    TechniqueError,
    Transform,
    parameter,
)
from retention.anonymization.texts import as_text, is_text

LONGEST = 20_000  # characters read at once: the language model's memory grows with them
PSEUDONYM = 12  # hex digits: 48 bits


@dataclass(frozen=True)
class Parameters:
    written: str = parameter(
        "word",
        label="Written as",
        help="`word`: [E-MAIL ADDRESS]. `pseudonym`: [E-MAIL ADDRESS 3f0c…], the same for the same mention.",
        choices=("word", "pseudonym"),
    )
    spare: tuple[str, ...] = parameter(
        (), label="Left as they are", help="Categories that stay, such as location or employment."
    )
    key: str = parameter(
        "anonymization", label="Key", help="For pseudonyms: name of the key in the key ring."
    )


class RedactText(ColumnTechnique):
    """English text is read by a language model and by recognizers; dates without a person stay.

    Recognition finds most and never all: see `benchmarks/entities.py` for how much. Where a miss is not acceptable,
    drop the column.
    """

    kind = "redact_text"
    label = "Redact inside text"
    explanation = "What tells of a person inside text becomes a word for its kind; the text stays readable."
    Parameters = Parameters

    def check(self) -> None:
        unknown = [category for category in self.parameters.spare if category not in CATEGORIES]
        if unknown:
            raise TechniqueError(f"redact_text.spare: there is no category {', '.join(unknown)}.")

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if not is_text(plain):
            raise refused(self, plain, "It reads text: choose another technique, or drop the column.")
        return plain

    def key_names(self) -> tuple[str, ...]:
        return (self.parameters.key,) if self.parameters.written == "pseudonym" else ()

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        word = self._word(environment)

        def redact(values: pa.Array, person: pa.Array | None) -> pa.Array:
            texts = as_text(values).to_pylist()
            return pa.array(redact_texts(texts, word=word, spare=self.parameters.spare), pa.string())

        return redact

    def _word(self, environment: Environment) -> Callable[[str, str], str]:
        """What stands for a mention of a category."""
        if self.parameters.written == "word":
            return lambda category, mention: f"[{title_of(category)}]"
        secret = environment.require_keys().current(self.parameters.key)
        hash_of = KeyedHash(subkey(secret.material, self.kind))

        def pseudonym(category: str, mention: str) -> str:
            text = f"{category}\x00{' '.join(mention.split()).casefold()}"
            digest = hash_of(text.encode()).hex()
            return f"[{title_of(category)} {digest[:PSEUDONYM]}]"

        return pseudonym


def redact_texts(
    texts: Sequence[str], *, word: Callable[[str, str], str], spare: Sequence[str] = ()
) -> Iterator[str]:
    """Each text with what tells of a person replaced by `word(category, mention)`."""
    pieces = [list(_pieces(text)) for text in texts]
    found = find_spans([piece for each in pieces for piece in each])
    for each in pieces:
        yield "".join(_replaced(piece, next(found), word, spare) for piece in each)


def telling(span: Span, spare: Sequence[str] = ()) -> str:
    """The category of an entity that says something of a person; empty for others and those spared."""
    category = CATEGORY_OF[span.kind]
    if CATEGORIES[category].sensitivity is Sensitivity.NONE or any(within(category, each) for each in spare):
        return ""
    return category


def title_of(category: str) -> str:
    return CATEGORIES[category].title.upper()


def _replaced(text: str, spans: Sequence[Span], word: Callable[[str, str], str], spare: Sequence[str]) -> str:
    parts, at = [], 0
    for span in spans:
        if category := telling(span, spare):
            parts += [text[at : span.start], word(category, text[span.start : span.end])]
            at = span.end
    return "".join([*parts, text[at:]])


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces of at most `LONGEST`, cut at a blank where there is one."""
    while len(text) > LONGEST:
        cut = text.rfind(" ", LONGEST // 2, LONGEST) + 1 or LONGEST
        yield text[:cut]
        text = text[cut:]
    yield text
