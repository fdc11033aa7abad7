"""Runs where kfp is: compiles a pipeline's file, then runs it by the local runner over a time."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from kfp import compiler, local

file, folder, *time = sys.argv[1:]
sys.path.insert(0, str(Path(file).parent))
pipeline = import_module(Path(file).stem).pipeline
compiler.Compiler().compile(pipeline, f"{folder}/pipeline.yaml")
if time:
    local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root=f"{folder}/outputs")
    pipeline(start=time[0], end=time[1])
