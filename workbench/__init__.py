"""Command line of operators and cameras: ``ipc-ai VERB`` or ``python -m workbench VERB``.

A verb is a module of ``verbs``. Nothing else imports this package.
"""

import sys
from pathlib import Path

# The catalogue's package lies in a folder of its own, as images copy it.
sys.path.append(str(Path(__file__).resolve().parent.with_name("catalogue")))
