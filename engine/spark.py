"""Mappings on Apache Spark: one row for each request, each skipped value and each problem.

Needs the extra `spark` (PySpark and PyArrow), and on every executor this package with the mapping: an installed one, or
files at the same path. The rows are made from Arrow batches, in the partitions and the order of the input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Values
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from .api import Mapping, load
from .result import Result

if TYPE_CHECKING:
    import pyarrow
    from pyspark.sql import DataFrame

__all__ = ["COLUMNS", "transform"]

COLUMNS: Values[str, str] = {
    "kind": "string",
    "output": "string",
    "method": "string",
    "path": "string",
    "query": "string",
    "body": "string",
    "pointer": "string",
    "rule": "string",
    "reason": "string",
    "code": "string",
    "severity": "string",
    "message": "string",
    "file": "string",
    "line": "integer",
    "column": "integer",
    "hint": "string",
}
"""What is added to a row, with the SQL types. `kind` is `request`, `skipped` or `problem`, and says which of the others
are given: `output method path query body`, `pointer rule reason`, or `code severity message rule pointer output file
line column hint`, where `pointer` is the place in the batch and `output` the place in the body of the request. `query`
and `body` are JSON."""


def transform(
    df: DataFrame, mapping: str, column: str = "value", settings: Values[str, Any] | None = None
) -> DataFrame:
    """The requests, skipped values and problems of the batches in a column of `df`.

    `column` holds JSON text (string or binary), or a struct, map or array, which Spark turns into JSON text first. The
    other columns of a row stand before the new ones, so that it is known where each comes from. `mapping` and
    `settings` are those of `moemap.load`. Raises MappingError, before Spark begins, for a mapping that cannot be used.
    """
    from pyspark.sql import functions
    from pyspark.sql.types import ArrayType, MapType, StructType

    load(mapping, settings)
    if isinstance(df.schema[column].dataType, StructType | MapType | ArrayType):
        df = df.withColumn(column, functions.to_json(column))
    kept = [field for field in df.schema.fields if field.name != column]
    clash = [field.name for field in kept if field.name in COLUMNS]
    if clash:
        raise ValueError(f"the column {clash[0]!r} has the name of a column that is added; rename it first")
    schema = StructType(kept)
    for name, type_ in COLUMNS.items():
        schema = schema.add(name, type_)
    return df.mapInArrow(_mapper(mapping, settings, column), schema)


def _mapper(
    mapping: str, settings: Values[str, Any] | None, column: str
) -> Callable[[Iterator[pyarrow.RecordBatch]], Iterator[pyarrow.RecordBatch]]:
    given = orjson.dumps(dict(settings or {}))

    def rows(batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        loaded = _loaded(mapping, given)
        for batch in batches:
            yield _rows(batch, column, loaded)

    return rows


@lru_cache(maxsize=8)
def _loaded(mapping: str, settings: bytes) -> Mapping:
    """The mapping, loaded once in each process."""
    return load(mapping, orjson.loads(settings))


def _rows(batch: pyarrow.RecordBatch, column: str, mapping: Mapping) -> pyarrow.RecordBatch:
    import pyarrow

    sources: list[int] = []
    added: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for number, text in enumerate(batch.column(column).to_pylist()):
        for row in _described(mapping.transform_json(b"null" if text is None else text)):
            sources.append(number)
            for name, values in added.items():
                values.append(row.get(name))
    kept = batch.drop_columns([column]).take(pyarrow.array(sources, pyarrow.int32()))
    types = {"string": pyarrow.string(), "integer": pyarrow.int32()}
    arrays = [pyarrow.array(added[name], types[type_]) for name, type_ in COLUMNS.items()]
    return pyarrow.RecordBatch.from_arrays([*kept.columns, *arrays], [*kept.schema.names, *COLUMNS])


def _described(result: Result) -> Iterator[dict[str, Any]]:
    for request in result.requests:
        texts = {
            name: orjson.dumps(value).decode() for name, value in (("query", request.query), ("body", request.body))
        }
        yield {"kind": "request", "output": request.output, "method": request.method, "path": request.path, **texts}
    for skipped in result.skipped:
        yield {"kind": "skipped", **skipped.to_json()}
    for problem in result.problems:
        place = problem.place
        yield {
            "kind": "problem",
            "code": problem.code,
            "severity": problem.severity,
            "message": problem.message,
            "rule": problem.rule,
            "pointer": problem.input,
            "output": problem.output,
            "file": place.file if place is not None else None,
            "line": place.line if place is not None else None,
            "column": place.column if place is not None else None,
            "hint": problem.hint,
        }
