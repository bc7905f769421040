"""Columns by words: each must be part of the column's name, its data set's or its system's."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from catalog.models import Column, DataSet, System

FEW = 2_000  # data sets that are handed to the database as a list; more are left to a subquery


def with_words(columns: QuerySet[Column], words: str) -> QuerySet[Column]:
    """Those with every word of `words` in the name of the column, its data set or its system."""
    for word in words.split():
        data_sets = DataSet.objects.filter(named(word)).order_by()
        few = list(data_sets.values_list("pk", flat=True)[: FEW + 1])
        # A list lets the database join two indexes; a word that is everywhere needs none, the order of the list does.
        inside = Q(data_set_id__in=few) if len(few) <= FEW else Q(data_set__in=data_sets)
        columns = columns.filter(Q(name__has_part=word) | inside)
    return columns


def named(word: str) -> Q:
    """Data sets with `word` in their own name or their system's."""
    systems = System.objects.filter(name__icontains=word).values_list("pk", flat=True)
    return Q(name__has_part=word) | Q(system_id__in=list(systems))
