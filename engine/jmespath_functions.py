"""The functions that JMESPath itself has, declared; the tests hold their parameters against the library."""

from __future__ import annotations

from .signatures import Function, declare, example

__all__ = ["JMESPATH_FUNCTIONS"]

JMESPATH_FUNCTIONS: tuple[Function, ...] = (
    declare("abs(number: number) -> number", "The number without its sign.", example("abs(`-2`)", 2), builtin=True),
    declare(
        "avg(numbers: array-number) -> number|null",
        "The mean of the numbers; null for an empty list.",
        example("avg(prices)", 2.5, prices=[2, 3]),
        example("avg(prices)", None, prices=[]),
        builtin=True,
    ),
    declare(
        "ceil(number: number) -> number",
        "The least whole number that is not smaller.",
        example("ceil(`1.2`)", 2),
        builtin=True,
    ),
    declare(
        "contains(subject: array|string, search: any) -> boolean",
        "Whether a list has an element equal to `search`, or a string has it as a part.",
        example("contains(tags, 'new')", True, tags=["new", "red"]),
        example("contains('Hello', 'hell')", False),
        builtin=True,
    ),
    declare(
        "ends_with(text: string, suffix: string) -> boolean",
        "Whether the text ends so.",
        example("ends_with('a.png', '.png')", True),
        builtin=True,
    ),
    declare(
        "floor(number: number) -> number",
        "The greatest whole number that is not larger.",
        example("floor(`-1.2`)", -2),
        builtin=True,
    ),
    declare(
        "join(separator: string, texts: array-string) -> string",
        "The texts as one, with the separator between them.",
        example("join(', ', colours)", "red, blue", colours=["red", "blue"]),
        builtin=True,
    ),
    declare(
        "keys(object: object) -> array",
        "The names in an object.",
        example("keys(user)", ["id", "age"], user={"id": "u1", "age": 7}),
        builtin=True,
    ),
    declare(
        "length(subject: string|array|object) -> number",
        "The number of characters of a string, of elements of a list, of names in an object.",
        example("length('Zoë')", 3),
        example("length(items)", 2, items=[None, None]),
        builtin=True,
    ),
    declare(
        "map(value: expref, list: array) -> array",
        "What the expression gives for each element; unlike `list[*].x`, nulls are kept.",
        example("map(&id, items)", [1, None], items=[{"id": 1}, {}]),
        builtin=True,
    ),
    declare(
        "max(list: array-number|array-string) -> number|string|null",
        "The largest number, or the last text in order of code points; null for an empty list.",
        example("max(prices)", 3.5, prices=[2, 3.5]),
        builtin=True,
    ),
    declare(
        "max_by(list: array, key: expref) -> any",
        "The first element with the largest key; the keys are all numbers or all strings. Null for an empty list.",
        example("max_by(items, &price).id", "b", items=[{"id": "a", "price": 1}, {"id": "b", "price": 2}]),
        builtin=True,
    ),
    declare(
        "merge(object: object, ...) -> object",
        "One object with the names of all; where a name is in several, the last one gives the value.",
        example("merge(a, b)", {"x": 1, "y": 3}, a={"x": 1, "y": 2}, b={"y": 3}),
        builtin=True,
    ),
    declare(
        "min(list: array-number|array-string) -> number|string|null",
        "The smallest number, or the first text in order of code points; null for an empty list.",
        example("min(names)", "Ann", names=["Bob", "Ann"]),
        builtin=True,
    ),
    declare(
        "min_by(list: array, key: expref) -> any",
        "The first element with the smallest key; the keys are all numbers or all strings. Null for an empty list.",
        example("min_by(items, &price).id", "a", items=[{"id": "a", "price": 1}, {"id": "b", "price": 2}]),
        builtin=True,
    ),
    declare(
        "not_null(value: any, ...) -> any",
        "The first value that is not null. Unlike `||` it takes `false`, `''`, `[]` and `{}` as values.",
        example("not_null(user.name, user.id, 'unknown')", "", user={"name": None, "id": ""}),
        builtin=True,
    ),
    declare(
        "reverse(subject: array|string) -> array|string",
        "The list or the text backwards.",
        example("reverse(items)", [3, 2, 1], items=[1, 2, 3]),
        builtin=True,
    ),
    declare(
        "sort(list: array-string|array-number) -> array",
        "The numbers in order, or the texts in order of code points.",
        example("sort(names)", ["Ann", "Bob", "ann"], names=["ann", "Bob", "Ann"]),
        builtin=True,
    ),
    declare(
        "sort_by(list: array, key: expref) -> array",
        "The elements in order of their keys, which are all numbers or all strings; equal ones stay in order.",
        example("sort_by(items, &price)[*].id", ["b", "a"], items=[{"id": "a", "price": 2}, {"id": "b", "price": 1}]),
        builtin=True,
    ),
    declare(
        "starts_with(text: string, prefix: string) -> boolean",
        "Whether the text starts so.",
        example("starts_with('$Age', '$')", True),
        builtin=True,
    ),
    declare(
        "sum(numbers: array-number) -> number",
        "The sum; 0 for an empty list.",
        example("sum(prices)", 5.5, prices=[2, 3.5]),
        builtin=True,
    ),
    declare(
        "to_array(value: any) -> array",
        "A list as it is, anything else as a list of one element.",
        example("to_array(item)", ["a"], item="a"),
        example("to_array(item)", ["a"], item=["a"]),
        builtin=True,
    ),
    declare(
        "to_number(value: any) -> number|null",
        "A number as it is, a text that is one as a number, anything else as null.",
        example("to_number('1.5')", 1.5),
        example("to_number('1,5')", None),
        example("to_number('Infinity')", None),
        builtin=True,
    ),
    declare(
        "to_string(value: any) -> string",
        "A string as it is, anything else as compact JSON text.",
        example("to_string(`1.5`)", "1.5"),
        example("to_string(tags)", '["a",null]', tags=["a", None]),
        builtin=True,
    ),
    declare(
        "type(value: any) -> string",
        "The type of a value: `number`, `string`, `boolean`, `array`, `object` or `null`.",
        example("type(`[]`)", "array"),
        builtin=True,
    ),
    declare(
        "values(object: object) -> array",
        "The values in an object.",
        example("values(user)", ["u1", 7], user={"id": "u1", "age": 7}),
        builtin=True,
    ),
)
