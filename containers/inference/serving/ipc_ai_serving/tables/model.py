"""A model of tables on ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ipc_ai_serving.engines.onnxruntime import sessions
from ipc_ai_serving.errors import ClientError, ModelLoadError
from ipc_ai_serving.tables import feeding, locales
from ipc_ai_serving.tables.columns import Columns, Input
from ipc_ai_serving.tables.encoding import Outputs
from ipc_ai_serving.tables.feeding import Feeds

_REASON = "Status Message: "
_MOST_SHOWN = 300


class TableModel:
    """A graph whose inputs are tables.

    Attributes:
        session: ONNX Runtime's session.
    """

    def __init__(self, session: Any, *, graph: str) -> None:
        """Take a session.

        Raises:
            ModelLoadError: an input is no table's; ``graph`` is the name for the message.
        """
        self.session = session
        self._columns = Columns([Input.of(declared, graph=graph) for declared in session.get_inputs()])
        self._outputs = [declared.name for declared in session.get_outputs()]
        self._batch = next((each.batch for each in self._columns.inputs if each.batch is not None), None)

    @classmethod
    def load(cls, graph: Path, *, threads: int) -> TableModel:
        """Load a graph.

        Raises:
            ModelLoadError: ONNX Runtime does not load it or is not there, or it is no table's.
        """
        try:
            source = locales.with_locale_of_image(graph) or graph
            session = sessions.opened(source, threads=threads, name=graph.name)
        except ModuleNotFoundError as error:
            raise ModelLoadError(
                f"{graph.name} needs the package '{error.name}': add it to requirements.txt"
            ) from error
        return cls(session, graph=graph.name)

    def predict(self, rows: Any) -> Outputs:
        """Predict for rows.

        Args:
            rows: a document of JSON in one of the forms of ``documents``, ``CsvRows``, or an array (rows, columns).

        Raises:
            ClientError: the rows are not the graph's, or it refuses a value.
        """
        return self._run(feeding.feeds(rows, self._columns))

    def _run(self, feeds: Feeds) -> Outputs:
        rows = len(next(iter(feeds.values())))
        batch = self._batch
        if batch is None or batch == rows:
            return Outputs(zip(self._outputs, self._once(feeds), strict=True))
        # The last rows are repeated to fill a batch, and their answers cut off again.
        places = [np.minimum(np.arange(first, first + batch), rows - 1) for first in range(0, rows, batch)]
        runs = [self._once({name: array[chosen] for name, array in feeds.items()}) for chosen in places]
        joined = (_joined([run[number] for run in runs], rows) for number in range(len(self._outputs)))
        return Outputs(zip(self._outputs, joined, strict=True))

    def _once(self, feeds: Feeds) -> list[Any]:
        try:
            return self.session.run(None, dict(feeds))  # type: ignore[no-any-return]
        except Exception as error:  # the runtime's own exception classes are not exported
            said = " ".join(str(error).rpartition(_REASON)[2].split())
            raise ClientError(f"the model refuses a value of these rows: {said[:_MOST_SHOWN]}") from error


def _joined(parts: Sequence[Any], rows: int) -> Any:
    """Join an output of several runs, and cut off what is behind so many rows."""
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)[:rows]
    if isinstance(parts[0][0], np.ndarray):
        return [_joined(each, rows) for each in zip(*parts, strict=True)]
    return [row for part in parts for row in part][:rows]
