"""What an environment says about the schedulers that its graph is exported to."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from headrace.ground.document import Strict

_CRON_FIELD = re.compile(r"(\*|[A-Za-z0-9]+(-[A-Za-z0-9]+)?)(/[0-9]+)?(,[A-Za-z0-9]+(-[A-Za-z0-9]+)?(/[0-9]+)?)*")
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]*")
_CONNECTION = re.compile(r"[A-Za-z0-9_.-]+")


def _cron(text: str) -> str:
    fields = text.split()
    if len(fields) != 5 or not all(_CRON_FIELD.fullmatch(field) for field in fields):
        raise ValueError(f"'{text:.60}' is no cron of five fields, such as '0 4 * * *' (minute hour day month weekday)")
    return " ".join(fields)


def _image(text: str) -> str:
    if not _IMAGE.fullmatch(text):
        raise ValueError(f"'{text:.60}' is no container image, such as registry.example.com/headrace:0.1")
    return text


Cron = Annotated[str, AfterValidator(_cron)]


class Databricks(Strict):
    """A workspace. With ``runtime`` and ``node_type`` jobs share a cluster of ``workers``; without, they are serverless.

    ``catalog`` is the catalog of Unity Catalog in which tables get their names; ``development`` the environment of the
    bundle's target dev, where it is another one.
    """

    catalog: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,254}$")
    development: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]+$")
    runtime: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]+$")
    node_type: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]+$")
    workers: int = Field(default=1, ge=0, le=1000)
    serverless: str = Field(default="4", pattern=r"^[0-9]+$")

    @model_validator(mode="after")
    def _agree(self) -> Databricks:
        if (self.runtime is None) != (self.node_type is None):
            raise ValueError("runtime and node_type belong together: both for a cluster, neither for serverless")
        return self


class Airflow(Strict):
    """A deployment: the connection that its SparkSubmitOperator takes."""

    connection: str = Field(default="spark_default", pattern=_CONNECTION.pattern)


class Kubeflow(Strict):
    """Pipelines: the image in which headrace, Spark and Java are installed."""

    image: Annotated[str, AfterValidator(_image)] | None = None


class Targets(Strict):
    """When the graph is to be run, as a cron of five fields, and what each target has to be told."""

    schedule: Cron | None = None
    timezone: str = Field(default="UTC", pattern=r"^[A-Za-z][A-Za-z0-9_+/-]*$")
    databricks: Databricks = Databricks()
    airflow: Airflow = Airflow()
    kubeflow: Kubeflow = Kubeflow()
