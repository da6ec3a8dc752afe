"""Import of GluonCV from a folder of its own.

GluonCV requires opencv-python, which needs the libraries of a desktop and overwrites opencv-python-headless. It works
with the latter, so it is installed beside the environment, without the packages that the environment has already. Only
this module imports it from there.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from pathlib import Path
from typing import Any

from workbench import places, typed
from workbench.errors import ExportError

FOLDER = places.REPOSITORY / ".venv" / "export"


def model_zoo(folder: Path = FOLDER) -> Any:
    """Import ``gluoncv.model_zoo``.

    Raises:
        ExportError: it is not installed.
    """
    if str(folder) not in sys.path:
        sys.path.append(str(folder))  # last, so that the environment's own packages take precedence
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # retired upstream: its warnings help no reader
        try:
            importlib.import_module("mxnet")
            return importlib.import_module("gluoncv.model_zoo")
        except ModuleNotFoundError as error:
            raise ExportError(
                f"export needs the package '{error.name}', which is not installed; run "
                f"'{typed.in_repository('make', '.venv/export/installed')}'"
            ) from error
