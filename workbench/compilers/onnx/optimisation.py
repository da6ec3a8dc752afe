"""What ONNX Runtime does to a graph whenever it loads it, done once."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import CompileError


def optimise(graph: Path, target: Path) -> None:
    """Folds constants and batch normalisation, and drops what nobody reads.

    Only what holds on every machine: fusions for one processor are left to the machine that serves.

    Raises:
        CompileError: ONNX Runtime does not load the graph.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(target)
    options.log_severity_level = 3
    try:
        onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's own exception classes are not exported
        reason = str(error).strip().splitlines()[0]
        raise CompileError(f"ONNX Runtime does not load the converted graph: {reason}") from error
