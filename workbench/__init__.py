"""Command line of operators and cameras: ``ipc-ai VERB`` or ``python -m workbench VERB``.

A verb is a module of ``verbs``. Nothing else imports this package.
"""

import sys
from pathlib import Path

# The catalogue's package lies in a folder of its own, as images copy it; that of the registry of cameras lies beside
# the function, which is bundled with it.
_CHECKOUT = Path(__file__).resolve().parents[1]
sys.path += [str(_CHECKOUT / "catalogue"), str(_CHECKOUT / "lambda" / "inference")]
