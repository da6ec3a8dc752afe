"""ONNX Runtime's optimisation of a graph, done once instead of at every load."""

from __future__ import annotations

from pathlib import Path

from workbench import serving_program
from workbench.errors import CompileError


def optimise(graph: Path, target: Path) -> None:
    """Fold constants and batch normalisation, and drop nodes without a reader.

    Fusions for one processor are left to the machine that serves, because the file has to run on every machine.

    Raises:
        CompileError: ONNX Runtime does not load the graph.
    """
    import onnxruntime

    serving_program.make_importable()
    from ipc_ai_serving.engines.onnxruntime import sessions

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(target)
    options.log_severity_level = 3
    try:
        onnxruntime.InferenceSession(
            str(graph), options, providers=["CPUExecutionProvider"], disabled_optimizers=sessions.UNSOUND
        )
    except Exception as error:  # the runtime's own exception classes are not exported
        reason = str(error).strip().splitlines()[0]
        raise CompileError(f"ONNX Runtime does not load the converted graph: {reason}") from error
