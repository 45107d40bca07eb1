"""Spark gives the rows of a single process. Needs the extra `spark` and Java; run by `make test-spark`."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyspark.sql import DataFrame, SparkSession, types

from moemap.engine import spark as spark_module
from moemap.engine.api import MappingError, load
from moemap.engine.delivery.outbox import Outbox
from moemap.engine.spark import COLUMNS, fill, transform

ROOT = Path(__file__).parents[2]
MAPPING = "mparticle-moengage"
CORRUPT = '{"events": [{"event_type": "custom'


def samples() -> list[str]:
    """The text of every sample batch, several times, with a corrupt record and an empty one among them."""
    texts: list[str] = []
    for path in sorted((ROOT / "examples").glob("*.json")):
        content = json.loads(path.read_text("utf-8"))
        texts += [json.dumps(batch) for batch in (content if isinstance(content, list) else [content])]
    return [*texts, CORRUPT, *texts, "", *texts]


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    yield session
    session.stop()


def expected(texts: list[str | None], settings: dict[str, Any] | None = None) -> list[tuple[int, str, str]]:
    """The rows of a single process: the number of the batch, the kind of the row, and a text that identifies it."""
    mapping = load(MAPPING, settings)
    rows: list[tuple[int, str, str]] = []
    for number, text in enumerate(texts):
        result = mapping.transform_json("null" if text is None else text)
        rows += [(number, "request", json.dumps(request.body)) for request in result.requests]
        rows += [
            (number, "skipped", f"{skipped.pointer} {skipped.rule} {skipped.reason}") for skipped in result.skipped
        ]
        rows += [(number, "problem", f"{one.code} {one.message} {one.input} {one.output}") for one in result.problems]
    return rows


def found(df: DataFrame) -> list[tuple[int, str, str]]:
    rows = []
    for row in df.collect():
        what = {
            "request": lambda row: json.dumps(json.loads(row["body"])),
            "skipped": lambda row: f"{row['pointer']} {row['rule']} {row['reason']}",
            "problem": lambda row: f"{row['code']} {row['message']} {row['pointer']} {row['output']}",
        }[row["kind"]](row)
        rows.append((row["number"], row["kind"], what))
    return sorted(rows, key=lambda row: row[0])


def frame(spark: SparkSession, texts: list[str | None], partitions: int = 5) -> DataFrame:
    schema = types.StructType().add("number", "integer").add("value", "string")
    return spark.createDataFrame(list(enumerate(texts)), schema).repartition(partitions)


@pytest.mark.parametrize("settings", [None, {"identity": "email", "project_names": ["A"]}])
def test_the_rows_are_those_of_one_process(spark: SparkSession, settings: dict[str, Any] | None) -> None:
    texts: list[str | None] = [*samples(), None]
    df = transform(frame(spark, texts), MAPPING, settings=settings)
    assert df.columns == ["number", *COLUMNS]
    assert found(df) == expected(texts, settings)


def test_a_corrupt_record_is_one_row(spark: SparkSession) -> None:
    (row,) = transform(frame(spark, [CORRUPT], 1), MAPPING).collect()
    assert (row["number"], row["kind"], row["code"], row["severity"]) == (0, "problem", "M501", "error")


def test_structs_and_binary(spark: SparkSession) -> None:
    text = json.dumps({"user_identities": {"customer_id": "cust-1"}, "user_attributes": {"plan": "gold"}})
    as_struct = spark.createDataFrame([(0, text)], "number int, value string").selectExpr(
        "number", "from_json(value, 'user_identities map<string,string>, user_attributes map<string,string>') as value"
    )
    as_bytes = spark.createDataFrame([(0, text.encode())], "number int, value binary")
    assert found(transform(as_struct, MAPPING)) == found(transform(as_bytes, MAPPING)) == expected([text])


@pytest.mark.parametrize("column", ["a.b", "a`b", "*", "value"])
@pytest.mark.parametrize("value", ["'{}'", "named_struct('user_attributes', map('plan', 'gold'))"])
def test_names_of_columns_are_no_paths(spark: SparkSession, tmp_path: Path, column: str, value: str) -> None:
    df = spark.sql(f"select 1 as n, {value} as batch, 2 as n2, 3 as n3").toDF("x.y", column, "x`y", "X.Y")
    mapped = transform(df, MAPPING, column)
    assert mapped.columns == ["x.y", "x`y", "X.Y", *COLUMNS]
    assert {tuple(row)[:3] for row in mapped.collect()} == {(1, 2, 3)}
    fill(df, str(tmp_path / "outbox.db"), MAPPING, column)
    assert (tmp_path / "outbox.db").exists()


def test_a_row_that_is_no_text_costs_no_other(spark: SparkSession) -> None:
    frame = spark.sql("select 0 as number, cast(X'7B22FF227D' as string) as value union all select 1, '{}'").coalesce(1)
    first, *others = transform(frame, MAPPING).collect()
    assert (first["number"], first["code"]) == (0, "M501")
    assert "it is not UTF-8 text (byte 3)" in first["message"]
    assert {row["number"] for row in others} == {1}


def test_a_row_on_which_the_engine_fails_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    mapping = load(MAPPING)
    good = json.dumps({"user_identities": {"customer_id": "cust-1"}, "user_attributes": {"plan": "gold"}})
    transform_json = mapping.transform_json
    monkeypatch.setattr(mapping, "transform_json", lambda text: transform_json(text) if text != b"x" else 1 // 0)
    batch = pyarrow.RecordBatch.from_pydict({"number": [0, 1, 2], "value": [good, "x", good]})
    (made,) = spark_module._rows(batch, "value", mapping)
    assert made.column("number").to_pylist() == [0, 1, 2]
    assert made.column("kind").to_pylist() == ["request", "problem", "request"]
    assert made.column("message").to_pylist()[1].endswith("(ZeroDivisionError: integer division or modulo by zero)")


def test_the_rows_that_are_made_are_not_all_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark_module, "MOST_ROWS", 3)
    batch = pyarrow.RecordBatch.from_pydict({"number": list(range(10)), "value": ["1"] * 10})
    made = list(spark_module._rows(batch, "value", load(MAPPING)))
    assert [one.num_rows for one in made] == [3, 3, 3, 1]
    assert [number for one in made for number in one.column("number").to_pylist()] == list(range(10))


@pytest.mark.parametrize(
    ("columns", "column", "message"),
    [
        ("1L as value", "value", "the column 'value' is of the type bigint, not string, binary, struct, map or array"),
        ("1 as value", "value", "the column 'value' is of the type int, not string, binary, struct, map or array"),
        ("null as value", "value", "the column 'value' is of the type void, not string, binary, struct, map or array"),
        ("'' as value, 1 as rule", "value", "the column 'rule' has the name of a column that is added; rename it"),
        ("'' as value, 1 as KIND", "value", "the column 'KIND' has the name of a column that is added; rename it"),
        ("'' as value, 1 as VALUE", "value", "there is more than one column 'value'; rename the others first"),
        ("'' as value, 1 as value", "value", "there is more than one column 'value'; rename the others first"),
        ("'' as value, 1 as n", "batch", "there is no column 'batch'; the columns are 'value', 'n'"),
    ],
)
def test_columns_that_cannot_be_are_refused_before_spark_begins(
    spark: SparkSession, columns: str, column: str, message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        transform(spark.sql(f"select {columns}"), MAPPING, column)


def test_a_mapping_that_cannot_be_used_is_refused_before_spark_begins(spark: SparkSession) -> None:
    with pytest.raises(MappingError):
        transform(frame(spark, ["{}"]), MAPPING, settings={"identity": "phone"})


def test_the_example_reads_text_and_parquet_and_writes_parquet(spark: SparkSession, tmp_path: Path) -> None:
    texts = samples()
    (tmp_path / "in.ndjson").write_text("\n".join(texts) + "\n")
    frame(spark, list(texts)).withColumnRenamed("value", "batch").write.parquet(str(tmp_path / "in.parquet"))
    kinds = [kind for _, kind, _ in expected(list(texts))]
    for arguments in (["in.ndjson", "out1"], ["--column", "batch", "in.parquet", "out2"]):
        script = str(ROOT / "examples" / "spark" / "replay.py")
        done = subprocess.run(
            [sys.executable, script, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        counts = {kind: int(number) for number, kind in (line.split() for line in done.stdout.splitlines())}
        assert counts == {kind: kinds.count(kind) for kind in ("problem", "request", "skipped")}


def outbox_of(path: Path) -> tuple[int, list[tuple[str, str, bytes]]]:
    with Outbox(path) as outbox:
        rows = outbox.read("SELECT output, url, body FROM request")
        return outbox.counts().inputs, sorted(rows)


def test_a_stream_fills_an_outbox_and_what_spark_repeats_adds_nothing(spark: SparkSession, tmp_path: Path) -> None:
    texts = [*dict.fromkeys(samples())]
    (tmp_path / "in").mkdir()
    for number, text in enumerate(texts):
        (tmp_path / "in" / f"{number:02}.json").write_text(text.replace("\n", " ") + "\n")
    outbox = str(tmp_path / "outbox.db")

    def add(batch: DataFrame, _number: int) -> None:
        fill(batch, outbox, MAPPING)
        fill(batch, outbox, MAPPING)

    stream = spark.readStream.text(str(tmp_path / "in"))
    query = stream.writeStream.foreachBatch(add).trigger(availableNow=True)
    query.option("checkpointLocation", str(tmp_path / "checkpoint")).start().awaitTermination()
    mapping = load(MAPPING)
    results = [mapping.transform_json(text) for text in texts]
    requests = [request for result in results for request in result.requests]
    inputs, rows = outbox_of(tmp_path / "outbox.db")
    assert inputs == sum(bool(result.requests) for result in results)
    assert sorted((output, body) for output, _, body in rows) == sorted((one.output, one.text) for one in requests)
    assert all(url.startswith("https://") for _, url, _ in rows)
    with Outbox(Path(outbox)) as opened:
        assert opened.saved("mapping") == [MAPPING, None, None]


def test_what_cannot_fill_an_outbox_is_said(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(MappingError):
        fill(frame(spark, ["{}"]), str(tmp_path / "outbox.db"), "mparticle-moengage", settings={"identity": "phone"})
    Outbox(tmp_path / "other.db").claim("shop")
    with pytest.raises(Exception, match="this is the outbox of the mapping shop"):
        fill(frame(spark, ["{}"]), str(tmp_path / "other.db"), MAPPING)
