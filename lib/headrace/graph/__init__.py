"""The graph of jobs: declared, checked, planned and run. Only run knows Spark."""
