"""Spark gives the rows of a single process. Needs the extra `spark` and Java; run by `make test-spark`."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession, types

from moemap.engine.api import MappingError, load
from moemap.engine.spark import COLUMNS, transform

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
    """What a single process gives: the number of the batch, the kind of row, and what identifies it."""
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


def test_what_is_wrong_is_said_before_spark_begins(spark: SparkSession) -> None:
    with pytest.raises(MappingError):
        transform(frame(spark, ["{}"]), MAPPING, settings={"identity": "phone"})
    with pytest.raises(ValueError, match="the column 'rule' has the name of a column that is added"):
        transform(frame(spark, ["{}"]).withColumnRenamed("number", "rule"), MAPPING)


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
