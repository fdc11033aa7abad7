"""headrace: batch compute for customer analytics on Spark, as a parallel graph of pure jobs."""

__version__ = "0.1.0"
