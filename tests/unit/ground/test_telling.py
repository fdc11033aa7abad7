"""An error repeats no value of a row; what it says of names and of its cause stays."""

from __future__ import annotations

import pytest
from pyspark.errors import AnalysisException, NumberFormatException, PySparkException

from headrace.ground.errors import HeadraceError
from headrace.ground.telling import told, trace_of

CAST = '[CAST_INVALID_INPUT] The value \'ann@example.org\' of the type "STRING" cannot be cast to "BIGINT".'


def test_a_quoted_value_is_hidden_and_the_condition_stays() -> None:
    said = told(NumberFormatException(CAST))
    assert said == CAST.replace("'ann@example.org'", "(hidden)")


def test_a_number_that_is_a_value_is_hidden() -> None:
    """As the JVM's errors are captured: the message whole, its parameters beside it."""
    parameters = {"value": "98765.43", "precision": "5", "config": '"spark.sql.ansi.enabled"'}
    captured = type("SparkArithmeticException", (PySparkException,), {"getMessageParameters": lambda _: parameters})
    captured.__module__ = "pyspark.errors.exceptions.captured"
    said = told(captured("[NUMERIC_VALUE_OUT_OF_RANGE] 98765.43 cannot be represented as Decimal(5, 2)."))
    assert said.startswith("[NUMERIC_VALUE_OUT_OF_RANGE] (hidden) cannot be represented as Decimal")
    assert "98765" not in said


@pytest.mark.parametrize(
    "error", [AnalysisException("no column 'payd'"), HeadraceError("JOB_UNKNOWN", job="x", hint="")]
)
def test_errors_about_names_are_told_whole(error: Exception) -> None:
    assert told(error) == str(error)


def test_a_stack_trace_hides_the_values_of_all_that_led_to_it() -> None:
    try:
        try:
            raise NumberFormatException(CAST)
        except NumberFormatException as inner:
            raise HeadraceError("JOB_UNKNOWN", job="x", hint="") from inner
    except HeadraceError as error:
        said = trace_of(error)
    assert "Traceback (most recent call last)" in said
    assert "[CAST_INVALID_INPUT] The value (hidden) of the type" in said
    assert "ann@example.org" not in said.replace("CAST", "")
