"""Replays stored batches with Spark: JSON text (one batch a line) or Parquet with a column of batches in, Parquet out.

spark-submit examples/spark/replay.py batches/*.ndjson.gz requests.parquet
spark-submit examples/spark/replay.py --column batch stored.parquet requests.parquet --set identity=email
"""

import argparse

from pyspark.sql import SparkSession, functions

from moemap.engine.language.settings import GivenText
from moemap.engine.spark import transform


def main() -> None:
    """Reads, transforms, writes, and prints how many rows of each kind there are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs", nargs="+", help="files of one kind, then the folder to write")
    parser.add_argument("--mapping", default="mparticle-moengage")
    parser.add_argument("--column", default="value", help="the column with the batch, for Parquet")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="settings")
    options = parser.parse_args()
    *inputs, output = options.inputs
    if not inputs:
        parser.error("give the files to read and the folder to write")
    settings = {name: GivenText(value) for name, _, value in (given.partition("=") for given in options.settings)}
    spark = SparkSession.builder.appName("moemap").getOrCreate()
    if inputs[0].endswith(".parquet"):
        stored = spark.read.parquet(*inputs)
    else:
        stored = spark.read.text(inputs).withColumn("source", functions.input_file_name())
    rows = transform(stored, options.mapping, options.column, settings)
    rows.write.parquet(output)
    for row in spark.read.parquet(output).groupBy("kind").count().orderBy("kind").collect():
        print(f"{row['count']:>10} {row['kind']}")
    spark.stop()


if __name__ == "__main__":
    main()
