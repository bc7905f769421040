"""Search for parts of names by index, however many there are: the functions of migration 0004 as expressions."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Func
from django.db.models.lookups import Lookup


class Grams(Func):
    """Every three characters in a row of a text, and the beginnings of its words."""

    function = "catalog_grams"
    output_field = ArrayField(models.TextField())


@models.CharField.register_lookup
class HasPart(Lookup):
    """`name__has_part="mail"`: the text contains it, whatever its case. One or two letters must begin a word."""

    lookup_name = "has_part"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        text, parameters = self.process_lhs(compiler, connection)
        pattern = f"%{connection.ops.prep_for_like_query(self.rhs)}%"
        # The comparison comes first: computing the grams of a row costs far more.
        return (
            f"({text} ILIKE %s AND catalog_grams({text}) @> catalog_part_grams(%s))",
            (*parameters, pattern, *parameters, self.rhs),
        )
