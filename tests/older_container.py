"""A container as the first guide has it built: one form of JSON, exactly, and plain text for everything else.

``python older_container.py PORT`` listens on 127.0.0.1.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys

from flask import Flask, Response, request

DETECTION, COMPARISON = {"image_bytes", "short_size"}, {"source_image_bytes", "target_image_bytes"}

app = Flask(__name__)


@app.get("/ping")
def ping() -> Response:
    return Response("\n", mimetype="application/json")


@app.post("/invocations")
def invocations() -> Response:
    if request.content_type != "application/json":
        return Response("only application/json is supported", status=415, mimetype="text/plain")
    body = json.loads(request.data)
    if set(body) not in (DETECTION, COMPARISON):
        return Response(f"unexpected keys: {sorted(body)}", status=422, mimetype="text/plain")
    images = {name: base64.b64decode(text, validate=True) for name, text in body.items() if name != "short_size"}
    if any(image == b"\xff\xd8\xffbroken" for image in images.values()):
        return Response("the picture is broken", status=400, mimetype="text/plain")
    answer = {name: hashlib.sha256(image).hexdigest() for name, image in images.items()}
    return Response(
        json.dumps({**answer, "short_size": body.get("short_size"), "bbox_scores": [[0.5]], "nan": float("nan")}),
        mimetype="application/json",
    )


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]), threaded=True)
