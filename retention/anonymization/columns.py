"""Techniques that treat one value at a time, made ready for every shape a column comes in.

Lists are treated item by item, dictionaries as the values they stand for, and where that is cheaper each distinct
value only once. A struct holds values of different kinds: it is refused, so that nothing in it slips through.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from retention.anonymization.techniques.base import Environment, Technique, TechniqueError, Transform

_REMEDY = "Drop the column, or bring it to a type that can be treated first."


class ColumnTechnique(Technique):
    """A technique whose subclass knows plain columns only: `type_of` and `function`, and `inverse` if there is one.

    `by_distinct` says that its function depends on the value alone and is worth calling for distinct values only: it
    is then given each value of a batch once, and no nulls.
    """

    by_distinct: bool = True

    @abstractmethod
    def type_of(self, plain: pa.DataType) -> pa.DataType:
        """What a plain type becomes. Raises TechniqueError (see `refused`) where it cannot be treated."""

    @abstractmethod
    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        """The function for plain values, of a `computable` type. Its answers are cast to what the column becomes."""

    def inverse(self, plain: pa.DataType, environment: Environment) -> Transform:
        """The function back, for what a column of type `plain` became."""
        raise TechniqueError(f"{self.label} cannot be undone.")

    def output_type(self, given: pa.DataType) -> pa.DataType:
        if pa.types.is_null(given):
            return given
        if is_list(given):
            return list_like(given, self.output_type(given.value_type))
        if pa.types.is_dictionary(given):
            return self.output_type(given.value_type)
        return self.type_of(given)

    def prepare(self, given: pa.DataType, environment: Environment) -> Transform:
        try:
            made = self.output_type(given)
            if pa.types.is_null(given):
                return lambda values, person: values
            function = self.function(computable(innermost(given)), environment)
        except TechniqueError as problem:
            raise TechniqueError(_of_column(problem.message, environment), problem.remedy) from None
        return _shaped(function, made, once=self.by_distinct and not self.needs_person)

    def undo(self, given: pa.DataType, environment: Environment) -> Transform:
        self.output_type(given)
        if pa.types.is_null(given):
            return lambda values, person: values
        inverse = self.inverse(computable(innermost(given)), environment)
        return _shaped(inverse, _without_dictionary(given), once=self.by_distinct)


def refused(technique: Technique, plain: pa.DataType, remedy: str = _REMEDY) -> TechniqueError:
    return TechniqueError(f"{technique.label} cannot treat values of type {plain}.", remedy)


def is_list(given: pa.DataType) -> bool:
    types = pa.types
    return types.is_list(given) or types.is_large_list(given) or types.is_fixed_size_list(given)


def list_like(given: pa.DataType, items: pa.DataType) -> pa.DataType:
    """The same kind of list with other items."""
    if pa.types.is_large_list(given):
        return pa.large_list(items)
    if pa.types.is_fixed_size_list(given):
        return pa.list_(items, given.list_size)
    return pa.list_(items)


def innermost(given: pa.DataType) -> pa.DataType:
    """The plain type in lists and dictionaries."""
    while is_list(given) or pa.types.is_dictionary(given):
        given = given.value_type
    return given


def decoded(values: pa.Array) -> pa.Array:
    """The values that a dictionary stands for."""
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def computable(plain: pa.DataType) -> pa.DataType:
    """The type that values of a plain type are computed in: some have no functions in Arrow."""
    if pa.types.is_string_view(plain):
        return pa.large_string()
    return pa.float32() if pa.types.is_float16(plain) else plain


def on_distinct(values: pa.Array, function: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """`function` called once with the distinct non-null values, and its answers put in their places."""
    encoded = _encoded(values)
    return _spread(function(encoded.dictionary), encoded.indices)


def _spread(answers: pa.Array, indices: pa.Array) -> pa.Array:
    """`answers.take(indices)`, twice as quick for texts of one length, such as pseudonyms."""
    if not (
        pa.types.is_string(answers.type) and len(answers) and not answers.null_count and not answers.offset
    ):
        return answers.take(indices)
    offsets = np.frombuffer(answers.buffers()[1], np.int32)[: len(answers) + 1]
    width = int(offsets[1])
    if not width or (np.diff(offsets) != width).any() or width * len(indices) >= 2**31:
        return answers.take(indices)
    fixed = pa.Array.from_buffers(pa.binary(width), len(answers), [None, answers.buffers()[2]]).take(indices)
    places = pa.py_buffer(np.arange(len(indices) + 1, dtype=np.int32) * np.int32(width))
    return pa.StringArray.from_buffers(len(indices), places, fixed.buffers()[1], fixed.buffers()[0])


def on_valid(values: pa.Array, function: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """`function` called with the non-null values in their order, and its answers put in their places."""
    if not values.null_count:
        return function(values)
    valid = values.is_valid().to_numpy(zero_copy_only=False)
    return function(values.drop_null()).take(pa.array(np.cumsum(valid) - 1, mask=~valid))


def _encoded(values: pa.Array) -> pa.DictionaryArray:
    """Dictionary-encoded by what is used of it only, each value once, null as a null index."""
    if pa.types.is_dictionary(values.type):
        if not values.dictionary.null_count:
            used = values.indices.dictionary_encode()
            dictionary = values.dictionary.take(used.dictionary)
            if len(dictionary.unique()) == len(dictionary):
                return pa.DictionaryArray.from_arrays(used.indices, dictionary)
        values = values.dictionary_decode()
    return values.dictionary_encode()


def _shaped(function: Transform, made: pa.DataType, *, once: bool) -> Transform:
    """`function` of plain values for columns that become `made`: plain, in a dictionary, in lists or in both."""

    def plainly(values: pa.Array, person: pa.Array | None) -> pa.Array:
        plain = computable(innermost(values.type))
        if pa.types.is_dictionary(values.type) and values.dictionary.type != plain:
            values = pa.DictionaryArray.from_arrays(values.indices, values.dictionary.cast(plain))
        if once:
            return on_distinct(values, lambda distinct: function(distinct.cast(plain), None))
        return function(decoded(values).cast(plain), person)

    def transform(values: pa.Array, person: pa.Array | None) -> pa.Array:
        if pa.types.is_null(values.type):
            return values
        if pa.types.is_dictionary(values.type) and is_list(values.type.value_type):
            values = decoded(values)
        if is_list(values.type):
            return _over_items(values, person, transform)
        return plainly(values, person)

    def cast(values: pa.Array, person: pa.Array | None) -> pa.Array:
        answer = transform(values, person)
        return answer if answer.type == made else answer.cast(made)

    return cast


def _over_items(values: pa.Array, person: pa.Array | None, transform: Transform) -> pa.Array:
    """The lists with their items treated: as long as before, and null where they were."""
    lengths = pc.list_value_length(values).fill_null(0).to_numpy(zero_copy_only=False)
    owner = None
    if person is not None:
        owner = person.take(pa.array(np.repeat(np.arange(len(values)), lengths)))
    items = transform(values.flatten(), owner)
    large = pa.types.is_large_list(values.type)
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int64() if large else pa.int32())
    cls = pa.LargeListArray if large else pa.ListArray
    return cls.from_arrays(offsets, items, mask=values.is_null())


def _without_dictionary(given: pa.DataType) -> pa.DataType:
    if is_list(given):
        return list_like(given, _without_dictionary(given.value_type))
    return given.value_type if pa.types.is_dictionary(given) else given


def _of_column(message: str, environment: Environment) -> str:
    return message if environment.column in message else f"Column {environment.column}: {message}"
