"""The two folders outside lib/ that travel inside the package; everything else stands in pyproject.toml."""

from setuptools import find_packages, setup

JOBS = ["headrace.jobs", *(f"headrace.jobs.{name}" for name in find_packages("jobs"))]

setup(
    package_dir={"": "lib", "headrace.jobs": "jobs", "headrace.conf": "conf"},
    packages=[*find_packages("lib"), *JOBS, "headrace.conf"],
)
