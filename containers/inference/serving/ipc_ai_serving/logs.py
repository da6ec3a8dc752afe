"""Logs as one JSON object a line on standard output, which SageMaker sends to CloudWatch Logs."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_encoder = json.JSONEncoder(default=str)


class JsonFormatter(logging.Formatter):
    """Format level, time, logger, message, the fields of ``extra``, and the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record as one line of JSON."""
        entry = {
            "level": record.levelname,
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "logger": record.name,
            "message": record.getMessage(),
            **{key: value for key, value in vars(record).items() if key not in _STANDARD},
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return _encoder.encode(entry)


def configure() -> None:
    """Format every logger's INFO and above with :class:`JsonFormatter`."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
