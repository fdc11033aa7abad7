#!/bin/sh
# Writes the lock files from requirements/*.in; pins that still satisfy them are kept. UPGRADE=1 takes the newest.
set -eu
cd "$(dirname -- "$0")/../requirements"
for name in dev data feast bench databricks airflow kubeflow; do
    deps=
    [ "$name" = data ] && deps=--no-deps
    [ "$name" = feast ] && deps="-c dev.lock"  # so that both go into one environment
    uv pip compile -q --python-version 3.11 --generate-hashes --no-annotate ${deps} ${UPGRADE:+--upgrade} \
        --custom-compile-command "make lock" "$name.in" -o "$name.lock"
done
python3 ../bootstrap/lock_jars.py
