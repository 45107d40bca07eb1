"""Mappings on Apache Spark: one row for each request, each skipped value and each problem.

It needs the extra `spark` (PySpark and PyArrow), and on every executor this package and the mapping: an installed one,
or files at the same path. The rows are made from Arrow batches, in the partitions and the order of the input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Values
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson

from .api import Mapping, load
from .diagnostics.problem import Problem
from .runtime.result import Result, failure

if TYPE_CHECKING:
    import pyarrow
    from pyspark.sql import DataFrame
    from pyspark.sql.types import DataType

__all__ = ["COLUMNS", "fill", "transform"]

BATCH = "_batch"
"""The name of the column with the batches while Spark maps them."""
MOST_ROWS = 1000
MOST_INPUTS = 100
"""The number of inputs that are added to an outbox in one transaction."""
COLUMNS: Values[str, str] = {
    "kind": "string",
    "output": "string",
    "method": "string",
    "path": "string",
    "query": "string",
    "server": "string",
    "headers": "string",
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
"""The columns that are added to a row, with their SQL types.

`kind` is `request`, `skipped` or `problem`, and determines which others are set: `output method path query headers
body` with `server` where the output has one of its own; `pointer rule reason`; or `code severity message rule pointer
output file line column hint`, where `pointer` is the place in the batch and `output` the place in the body of the
request. `query` and `headers` are JSON; `body` is what is sent, and null for a request without a body.
"""


def transform(
    df: DataFrame, mapping: str, column: str = "value", settings: Values[str, Any] | None = None
) -> DataFrame:
    """The requests, skipped values and problems of the batches in a column of `df`.

    `column` contains JSON text (string or binary), or a struct, map or array, which Spark converts to JSON text first.
    The other columns of a row precede the new ones, so that the origin of each row is known. A row that cannot be
    mapped becomes a row with a problem. `mapping` and `settings` are those of `moemap.load`.

    Before Spark starts, it raises MappingError for an unusable mapping, and ValueError for unusable columns.
    """
    from pyspark.sql.types import StructType

    load(mapping, settings)
    others = [name for name in df.columns if name != column]
    df = _with_text(df, column)
    schema = StructType([field for field in df.schema.fields if field.name != BATCH])
    for name, type_ in COLUMNS.items():
        schema = schema.add(name, type_)
    return df.mapInArrow(_mapper(mapping, settings, BATCH), schema).toDF(*others, *COLUMNS)


def fill(
    df: DataFrame, outbox: str, mapping: str, column: str = "value", settings: Values[str, Any] | None = None
) -> None:
    """Adds the requests of the batches in a column of `df` to an outbox, from which `moemap send` delivers them.

    It is for `foreachBatch` of a stream: an outbox takes each input once, so a batch of the stream that Spark repeats
    adds nothing twice. `outbox` is the URL of a PostgreSQL database that all executors reach, or a file if all of Spark
    runs on one machine. Batches that cannot be mapped have no requests; `transform` returns their problems. The other
    parameters, and the errors raised before Spark starts, are those of `transform`; OutboxError and the errors of Spark
    are raised later. Needs the extra `delivery`, or `postgres`, on every executor.
    """
    load(mapping, settings)
    _with_text(df, column).select(BATCH).foreachPartition(_filler(outbox, mapping, settings))


def _filler(outbox: str, mapping: str, settings: Values[str, Any] | None) -> Callable[[Iterator[Any]], None]:
    given = dict(settings or {})

    def fill_from(rows: Iterator[Any]) -> None:
        # Needed only on executors, and only where batches are delivered.
        from .delivery.intake import take
        from .delivery.outbox import Outbox
        from .delivery.plan import Plan
        from .jobs.program import open_program
        from .jobs.transform import Recipe, Transform
        from .runtime.batch import Record

        dispatch = open_program(mapping, given).dispatch
        plan = Plan.of(dispatch)
        recipe = Recipe(mapping, given, "bulk" if plan.bulk else "result", pretty=False)
        program = recipe.program()
        texts = (text.encode() if isinstance(text, str) else bytes(text) for (text,) in rows if text is not None)
        units = iter(lambda: [Record("spark", 0, text) for text in islice(texts, MOST_INPUTS)], [])
        with Outbox(outbox) as opened:
            opened.claim(program.name, program.workspace)
            name = f"{program.name}@{program.version}"
            take(opened, plan, Transform(recipe, program), name, units, lambda _rejects: None, lambda _taken: None)

    return fill_from


def _with_text(df: DataFrame, column: str) -> DataFrame:
    """The columns with `BATCH` as the text of the batches, and the others under names that count them.

    Spark reads the name of a column as a path, where `.`, `*` and backticks have a meaning.
    """
    from pyspark.sql import functions

    is_nested = _is_nested(_checked(df, column))
    df = df.toDF(*(BATCH if name == column else f"_{number}" for number, name in enumerate(df.columns)))
    return df.withColumn(BATCH, functions.to_json(BATCH)) if is_nested else df


def _checked(df: DataFrame, column: str) -> DataType:
    """The type of the column with the batches. Raises ValueError if that, or the name of any column, is unusable.

    To Spark, names that differ only in letter case are the same.
    """
    from pyspark.sql.types import BinaryType, StringType

    names = [field.name for field in df.schema.fields]
    if column not in names:
        raise ValueError(f"there is no column {column!r}; the columns are {', '.join(map(repr, names))}")
    others = [name for name in names if name != column]
    if len(others) < len(names) - 1 or column.lower() in map(str.lower, others):
        raise ValueError(f"there is more than one column {column!r}; rename the others first")
    clash = next((name for name in others if name.lower() in COLUMNS), None)
    if clash is not None:
        raise ValueError(f"the column {clash!r} has the name of a column that is added; rename it first")
    type_ = df.schema[column].dataType
    if not (isinstance(type_, StringType | BinaryType) or _is_nested(type_)):
        found = type_.simpleString()
        raise ValueError(f"the column {column!r} is of the type {found}, not string, binary, struct, map or array")
    return type_


def _is_nested(type_: DataType) -> bool:
    from pyspark.sql.types import ArrayType, MapType, StructType

    return isinstance(type_, StructType | MapType | ArrayType)


def _mapper(
    mapping: str, settings: Values[str, Any] | None, column: str
) -> Callable[[Iterator[pyarrow.RecordBatch]], Iterator[pyarrow.RecordBatch]]:
    given = orjson.dumps(dict(settings or {}))

    def rows(batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        loaded = _loaded(mapping, given)
        for batch in batches:
            yield from _rows(batch, column, loaded)

    return rows


@lru_cache(maxsize=8)
def _loaded(mapping: str, settings: bytes) -> Mapping:
    """The mapping, loaded once in each process."""
    return load(mapping, orjson.loads(settings))


def _rows(batch: pyarrow.RecordBatch, column: str, mapping: Mapping) -> Iterator[pyarrow.RecordBatch]:
    """The rows for a batch of rows, in batches of about `MOST_ROWS`, since one row can become many."""
    sources: list[int] = []
    rows: list[dict[str, Any]] = []
    kept = batch.drop_columns([column])
    for number, value in enumerate(batch.column(column)):
        described = _described(_result(value.as_buffer(), mapping))
        rows += described
        sources += [number] * len(described)
        if len(rows) >= MOST_ROWS:
            yield _with_columns(kept, sources, rows)
            sources, rows = [], []
    yield _with_columns(kept, sources, rows)


def _result(text: pyarrow.Buffer | None, mapping: Mapping) -> Result:
    """The Result of a text, as bytes: a Spark string need not be valid UTF-8."""
    try:
        return mapping.transform_json(b"null" if text is None else text.to_pybytes())
    except Exception as error:
        return failure(error)


def _with_columns(kept: pyarrow.RecordBatch, sources: list[int], rows: list[dict[str, Any]]) -> pyarrow.RecordBatch:
    """The new rows, each after the other columns of the row that it comes from."""
    import pyarrow

    types = {"string": pyarrow.string(), "integer": pyarrow.int32()}
    arrays = [pyarrow.array([row.get(name) for row in rows], types[type_]) for name, type_ in COLUMNS.items()]
    of_source = kept.take(pyarrow.array(sources, pyarrow.int32()))
    return pyarrow.RecordBatch.from_arrays([*of_source.columns, *arrays], [*kept.schema.names, *COLUMNS])


def _described(result: Result) -> list[dict[str, Any]]:
    """A row for each request, skipped value and problem, as the values of the columns that are set."""
    requests = [
        {
            "kind": "request",
            "output": request.output,
            "method": request.method,
            "path": request.path,
            "query": orjson.dumps(request.query).decode(),
            "server": request.server,
            "headers": orjson.dumps(request.headers).decode(),
            "body": None if request.body is None else request.text.decode(),
        }
        for request in result.requests
    ]
    skipped = [{"kind": "skipped", **skipped.to_json()} for skipped in result.skipped]
    return [*requests, *skipped, *map(_problem, result.problems)]


def _problem(problem: Problem) -> dict[str, Any]:
    place = problem.place
    return {
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
