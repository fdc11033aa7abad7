# Every target goes through the bootstrap, so that each works in a fresh clone.
RUN := ./spark-submit.sh --exec
FAST := tests/unit tests/laws tests/architecture
# Two processes, each with one Spark session; a file's tests stay together (tests/conftest.py).
PYTEST := pytest -q -n 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help check fast test test-integrations faults bench bench-features bench-graph feast lock clean

help: ## these lines
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 26

check: ## lint, format, types
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy

fast: ## the tests that start no Spark and take no seconds
	@$(RUN) $(PYTEST) -m "not spark and not slow" $(wildcard $(FAST))

test: ## set up (system packages too), check, all tests but the dear ones
	@./spark-submit.sh --for-tests
	@$(MAKE) --no-print-directory check feast
	@$(RUN) $(PYTEST) -m "not dear" --durations=25

test-integrations: ## real servers and environments beside it: PostgreSQL, MLflow, Redis, a cluster with the whole graph, Airflow, kfp
	@./spark-submit.sh --for-integrations
	@for name in databricks airflow kubeflow; do bootstrap/beside.sh $$name || exit; done
	@$(MAKE) --no-print-directory feast
	@$(RUN) pytest -q tests/integrations
	@$(RUN) $(PYTEST) -m dear tests

faults: ## kill -9 at thirty points, full disks, lost executors, two writers, suspended ones: what a run survives, with a table of results
	@./spark-submit.sh --for-tests
	@$(RUN) pytest -q tests/faults tests/faults/everywhere

EVENTS ?= 10000000
USERS ?= 1000000
bench: ## synthetic events through ingest, tiles and features: EVENTS=10000000 USERS=1000000 BENCH="--heap 3g"
	@$(RUN) python tests/benchmarks/bench.py --events $(EVENTS) --users $(USERS) $(BENCH)

BENCH_FEATURES ?=
bench-features: ## headrace against a naive batch, a competent job, DuckDB and Polars: BENCH_FEATURES="--events 10000000"
	@./spark-submit.sh --set-up
	@bootstrap/beside.sh bench
	@$(RUN) python tests/benchmarks/bench_features.py $(BENCH_FEATURES)

BENCH_GRAPH ?=
bench-graph: ## what the engine adds to a graph's work: makespan, workers, nothing due, empty jobs, after a kill: BENCH_GRAPH="still empty"
	@./spark-submit.sh --set-up
	@$(RUN) python tests/benchmarks/bench_graph.py $(BENCH_GRAPH)

feast: ## the extra feast, from its lock, into .venv; its tests run once it is there
	@$(RUN) pip install -q --disable-pip-version-check --require-hashes -r requirements/feast.lock

lock: ## resolve requirements/*.in anew, within what they allow
	@$(RUN) bootstrap/lock.sh

clean: ## remove what was built; .venv stays
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find lib jobs conf tests bootstrap -name __pycache__ -prune -exec rm -rf {} +
