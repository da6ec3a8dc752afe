"""Write docs/parameters.md from the template: ``python -m workbench.template.parameters_page``.

The template is the one source of names, defaults, values and descriptions. This module adds links to further reading.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import ipc_ai_catalogue as catalogue
from workbench.template.parameters import PAGE
from workbench.template.rendered_template import synthesize

_MORE = {
    "applicationType": "custom-models.md",
    "detectorModelName": "models.md",
    "faceDetectAndCompareModelName": "models.md",
    "modelDataUrl": "custom-models.md",
    "containerImageUri": "custom-models.md#any-image-in-ecr",
    "containerRequestFormat": "custom-models.md#containers-of-the-first-guide",
    "containerShortSize": "custom-models.md#containers-of-the-first-guide",
    "deployInstanceType": "operations/images.md#the-images",
    "minInstanceCount": "operations/scale.md#scaling",
    "maxInstanceCount": "operations/scale.md#scaling",
    "targetConcurrencyPerInstance": "operations/scale.md#scaling",
    "inferenceAmiVersion": "operations/china.md#hosts-with-a-gpu",
    "endpointType": "operations/scale.md#kinds-of-endpoints",
    "serverlessMemoryMib": "operations/scale.md#kinds-of-endpoints",
    "serverlessMaxConcurrency": "operations/scale.md#kinds-of-endpoints",
    "vpcSubnetIds": "operations/protect.md#in-your-vpc",
    "vpcSecurityGroupIds": "operations/protect.md#in-your-vpc",
    "kmsKeyArn": "operations/protect.md#with-your-key",
    "dataCapturePercentage": "operations/protect.md#captured-traffic",
    "shadowModelName": "operations/change.md#a-candidate-on-live-requests",
    "shadowPercentage": "operations/change.md#a-candidate-on-live-requests",
    "shadowModelDataUrl": "operations/change.md#a-candidate-on-live-requests",
    "apiAuthorization": "api.md#who-may-call",
    "pushAnswer": "api.md#who-may-call",
    "apiThrottleRate": "operations/scale.md#how-much-is-taken",
    "apiThrottleBurst": "operations/scale.md#how-much-is-taken",
    "apiMonthlyQuota": "operations/scale.md#how-much-is-taken",
    "functionReservedConcurrency": "operations/scale.md#how-much-is-taken",
    "functionProvisionedConcurrency": "operations/scale.md#how-much-is-taken",
    "apiAccessLogs": "operations/watch.md#the-apis-logs",
    "webAclArn": "operations/protect.md#a-web-acl",
    "alarmEmail": "operations/watch.md#alarms",
    "alarmLatencyMs": "operations/watch.md#alarms",
    "alarmNoTrafficMinutes": "operations/watch.md#alarms",
    "alarmSilentCameras": "operations/watch.md#alarms",
    "alarmRefusedCredentials": "operations/watch.md#alarms",
    "logRetentionDays": "operations/watch.md#logs-and-metrics",
    "cameraMetrics": "operations/watch.md#metrics-of-requests",
    "saveRequestEvents": "operations/events.md#events",
    "eventRetentionDays": "operations/events.md#how-long-events-are-kept",
    "eventsTable": "operations/events.md#query-events",
    "ingestFromS3": "operations/events.md#cameras-that-can-only-upload-files",
    "ingestMaxConcurrency": "operations/events.md#cameras-that-can-only-upload-files",
    "frameBucketName": "operations/events.md#frames-in-s3",
}
_HEAD = """\
# Parameters

[中文](parameters_CN.md)

Give any of these as `NAME=VALUE`, to a deployment or to a run on your machine:

```sh
.venv/bin/ipc-ai deploy --parameters applicationType=body-detection detectorModelName=yolox_nano
.venv/bin/ipc-ai up --parameters applicationType=body-detection detectorModelName=yolox_nano
```

A new stack uses the default of each parameter that you leave out. An update keeps the value that the stack has. Names,
values and defaults are the same in every partition. A value or a mix that cannot work is refused before anything is
created.

- The default of `faceDetectAndCompareModelName` is for non-commercial research only, as are all pairs with
  `retinaface_*`, `MobileFaceNet`, `mobilefacenet_y1` or `LResNet100E-IR`. Read the [licences](models.md) first.
- MXNet and embedded models run on the CPU, on instances with a GPU too.
- On your machine `modelDataUrl` may also be a file or a folder, and `containerImageUri` is run by Docker or Podman.
- Give `vpcSubnetIds` and `vpcSecurityGroupIds` together or not at all.

`.venv/bin/python -m workbench.template.parameters_page` writes this page from the template.
"""


def page(template: Mapping[str, Any]) -> str:
    """Describe every parameter of a synthesized template in Markdown, a table for each group of its console form."""
    return "\n".join([_HEAD, *_groups(template)])


def takes(name: str, parameter: Mapping[str, Any]) -> str:
    """State the values that a parameter takes: a list of all, or their rule."""
    known = parameter.get("AllowedValues")
    # Free text with a model of one's own, else one of these.
    if name == "detectorModelName":
        known = catalogue.load().detectors()
    if name == "faceDetectAndCompareModelName":
        known = catalogue.load().model_choices(catalogue.FACE_COMPARISON)
    if known:
        return ", ".join(f"`{value}`" for value in known)
    return str(parameter["ConstraintDescription"]).replace("|", "\\|")


def default(parameter: Mapping[str, Any]) -> str:
    """State the value of a parameter that a new stack is not given."""
    return f"`{parameter['Default']}`" if parameter["Default"] != "" else "empty"


def _groups(template: Mapping[str, Any]) -> Iterator[str]:
    for group in template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]:
        yield f"## {group['Label']['default']}\n"
        yield "| parameter | default | takes | meaning |\n|---|---|---|---|"
        for name in group["Parameters"]:
            parameter = template["Parameters"][name]
            meaning = f"{parameter['Description']}. [More]({_MORE[name]})"
            yield f"| `{name}` | {default(parameter)} | {takes(name, parameter)} | {meaning} |"
        yield ""


if __name__ == "__main__":
    PAGE.write_text(page(synthesize()), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
