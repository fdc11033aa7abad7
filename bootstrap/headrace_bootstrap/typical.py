"""What a run does with Spark, in small: the classes of it are those that are shared (``classes.py``)."""

from __future__ import annotations

import tempfile

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.window import Window

SETTINGS = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.ui.enabled": "false",
}


def main() -> None:
    """Write a table, read it, sort, aggregate, join, and write it again in part."""
    builder = SparkSession.builder.appName("headrace-classes")
    for key, value in SETTINGS.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    rows = spark.range(0, 10, 1, 1).select("id", (F.col("id") % 3).alias("who"), F.current_date().alias("day"))
    ranked = rows.withColumn("rank", F.row_number().over(Window.partitionBy("who").orderBy("id")))
    summed = ranked.groupBy("who", "day").agg(F.sum("rank").alias("ranks"), F.countDistinct("id").alias("ids"))
    with tempfile.TemporaryDirectory() as folder:
        made = rows.join(summed, ["who", "day"], "left").write.format("delta")
        made.partitionBy("day").option("userMetadata", "typical").save(f"{folder}/table")
        again = spark.read.format("delta").load(f"{folder}/table").write.format("delta").mode("overwrite")
        again.option("replaceWhere", "day = current_date()").save(f"{folder}/table")
    spark.stop()


if __name__ == "__main__":
    main()
