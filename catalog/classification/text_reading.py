"""Runs the language model and the recognizers over many texts. Importing it takes seconds and some hundred megabytes.

The model is an installed package and nothing is fetched; only the parts that find entities are loaded.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import cache

import spacy
from spacy.language import Language

from catalog.classification.recognizers import recognize_text
from catalog.classification.text_lexicon import MODEL, truecase
from catalog.classification.text_spans import Span

BATCH = 128
_UNUSED = ("tagger", "parser", "senter", "attribute_ruler", "lemmatizer")
_LOADING = threading.Lock()


def read(texts: Sequence[str]) -> Iterator[list[Span]]:
    """The entities of each text, in order. OSError where the model's package is missing."""
    cased = [truecase(text) for text in texts]
    with _LOADING:  # two threads of a worker must not both load the model
        model = _load()
    for text, form, doc in zip(texts, cased, model.pipe(cased, batch_size=BATCH), strict=True):
        entities = [(entity.start_char, entity.end_char, entity.label_) for entity in doc.ents]
        yield recognize_text(text, cased=form, entities=entities)


@cache
def _load() -> Language:
    return spacy.load(MODEL, exclude=_UNUSED)
