"""Catalogue of the product: applications, models, their inputs, artefacts, licences and defaults.

``models.json`` is the one place that names them; stacks, containers and workbench all read it
through :func:`load`. It needs the standard library only, because every deployable imports it.
"""

from ipc_ai_catalogue.errors import CatalogueError, UnknownNameError, nearest
from ipc_ai_catalogue.loader import Application, Catalogue, load, model_from_dict, model_from_json
from ipc_ai_catalogue.model import Licence, Model, ModelFile, ModelInput, ModelOutput
from ipc_ai_catalogue.names import CLASSIFIER, CUSTOM, EMBEDDER, FACE_COMPARISON, IMAGE_CLASSIFICATION, OBJECT_DETECTION

__all__ = [
    "CLASSIFIER",
    "CUSTOM",
    "EMBEDDER",
    "FACE_COMPARISON",
    "IMAGE_CLASSIFICATION",
    "OBJECT_DETECTION",
    "Application",
    "Catalogue",
    "CatalogueError",
    "Licence",
    "Model",
    "ModelFile",
    "ModelInput",
    "ModelOutput",
    "UnknownNameError",
    "load",
    "model_from_dict",
    "model_from_json",
    "nearest",
]
