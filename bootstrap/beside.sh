#!/bin/sh
# beside.sh NAME: the environment .venv-NAME from requirements/NAME.lock, for tools whose pins are not headrace's business.
# It is made anew where the lock is another one than it was made from.
set -eu
cd "$(dirname -- "$0")/.."
folder=.venv-$1 lock=requirements/$1.lock
cmp -s "$lock" "$folder/made-from.lock" && exit
.venv/bin/python -m venv --clear "$folder"
"$folder/bin/pip" install -q --disable-pip-version-check --require-hashes -r "$lock"
cp "$lock" "$folder/made-from.lock"
