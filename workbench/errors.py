"""Errors of the verbs: each is reported in one line, with exit code 2.

::

    WorkbenchError
    ├── ParameterError     a stack parameter that the template does not take
    ├── SynthesisError     ``cdk synth`` failed
    ├── AccountError       AWS cannot be asked, or the account is not ready for a deployment
    ├── RegionError        a region that does not exist, or that the stack cannot be deployed to
    ├── PublishingError    a template set cannot be published as asked
    ├── PackageError       a model cannot be packed, is not in its framework's layout, or does not answer
    │   └── RecognitionError  an ONNX file is of no known kind, of several, or broken
    ├── FetchError         an artefact cannot be found or downloaded
    │   └── MismatchError  a downloaded artefact is not the one that the catalogue names
    ├── StartError         a part of the local run did not start, or ended by itself
    ├── ApiAnswerError     the API answered with an error, or not at all
    ├── PlanError          a capacity plan lacks a figure, or was given an impossible one
    ├── ImageError         an image cannot be built or pushed as asked
    ├── NeoError           SageMaker Neo does not take a model, or did not compile it
    ├── ReplayError        the queues of uploaded files cannot be found, read or written
    ├── BenchmarkError     models cannot be benchmarked as asked
    │   └── RefusedError   the serving program refuses a frame, or does not load a model
    ├── ComparisonError    models cannot be compared as asked
    ├── ExportError        a network cannot be built, or its weights cannot be had
    ├── CompileError       a model cannot be compiled as asked
    ├── BenchError         something that is to be measured is not there or does not run
    ├── CameraError        the registry of cameras does not hold, or cannot do, what is asked
    └── ParityError        an exporter, or what it wrote, is not there or does not run
"""

from __future__ import annotations


class WorkbenchError(Exception):
    """Root of all errors of the workbench; its text is the line to print."""


class ParameterError(WorkbenchError):
    """A stack parameter that the template does not take."""


class SynthesisError(WorkbenchError):
    """``cdk synth`` failed."""


class AccountError(WorkbenchError):
    """AWS cannot be asked, or the account is not ready for a deployment."""


class RegionError(WorkbenchError):
    """A region that does not exist, or that the stack cannot be deployed to."""


class PublishingError(WorkbenchError):
    """A template set cannot be published as asked."""


class PackageError(WorkbenchError):
    """A model cannot be packed, is not in its framework's layout, or does not answer."""


class RecognitionError(PackageError):
    """An ONNX file is of no known kind, of several, or broken."""


class FetchError(WorkbenchError):
    """An artefact cannot be found or downloaded."""


class MismatchError(FetchError):
    """A downloaded artefact is not the one that the catalogue names."""


class StartError(WorkbenchError):
    """A part of the local run did not start, or ended by itself."""


class ApiAnswerError(WorkbenchError):
    """The API answered with an error, or not at all."""


class PlanError(WorkbenchError):
    """A capacity plan lacks a figure, or was given an impossible one."""


class ImageError(WorkbenchError):
    """An image cannot be built or pushed as asked."""


class NeoError(WorkbenchError):
    """SageMaker Neo does not take a model, or did not compile it."""


class ReplayError(WorkbenchError):
    """The queues of uploaded files cannot be found, read or written."""


class ExportError(WorkbenchError):
    """A network cannot be built, or its weights cannot be had."""


class BenchmarkError(WorkbenchError):
    """Models cannot be benchmarked as asked."""


class RefusedError(BenchmarkError):
    """The serving program refuses a frame, or does not load a model."""


class ComparisonError(WorkbenchError):
    """Models cannot be compared as asked."""


class CompileError(WorkbenchError):
    """A model cannot be compiled as asked."""


class BenchError(WorkbenchError):
    """Something that is to be measured is not there or does not run."""


class CameraError(WorkbenchError):
    """The registry of cameras does not hold, or cannot do, what is asked."""


class ParityError(WorkbenchError):
    """An exporter, or what it wrote, is not there or does not run."""
