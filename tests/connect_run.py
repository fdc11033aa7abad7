"""Runs headrace commands one after another in one process, as a job of spark-submit's or by itself.

The words of the commands come as JSON; what each ended with goes to standard output as a line ``STATUS n``.
"""

from __future__ import annotations

import faulthandler
import json
import sys

PATIENCE = 1400


def refused_without_token() -> bool:
    """Whether the session's own server turns away a client that does not show its token."""
    from pyspark.errors.exceptions.connect import SparkConnectGrpcException
    from pyspark.sql import SparkSession
    from pyspark.sql.connect.session import SparkSession as Client

    port = SparkSession.active().client._builder.endpoint.rpartition(":")[2]
    stranger = Client(connection=f"sc://127.0.0.1:{port}")
    try:
        stranger.conf.get("spark.sql.ansi.enabled")
    except SparkConnectGrpcException as error:
        return "UNAUTHENTICATED" in str(error)
    finally:
        stranger.release_session_on_close = False
        stranger.client.close()
    return False


def main(commands: list[list[str]]) -> None:
    """Run the commands; an empty one asks whether a stranger is turned away."""
    faulthandler.dump_traceback_later(PATIENCE, exit=True)  # a process that hangs says where
    from headrace.cli import main as headrace
    from headrace.ground.session import is_classic

    for words in commands:
        status = headrace(words) if words else int(not refused_without_token())
        print(f"STATUS {status}", flush=True)
    from pyspark.sql import SparkSession

    print("KIND", "classic" if is_classic(SparkSession.active()) else "connect", flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
