#!/usr/bin/env python3
"""Writes the HTTP envelopes under events/: what Lambda hands to capture and api for the samples in submissions.py.

    scripts/make-events.py            writes them
    scripts/make-events.py --check    says which differ, and fails if any do

They work with `sam local invoke Capture -e events/FILE.json` and `cargo lambda invoke capture --data-file events/FILE.json`.
"""

import base64
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
import submissions  # noqa: E402

EVENTS = Path(__file__).resolve().parent.parent / "events"

# Signs the Typeform sample. A sample's secret is no secret: put it under the name your source asks for when you try it.
SAMPLE_TYPEFORM_SECRET = "sample-typeform-secret"

# Function URLs and HTTP APIs hand over text for these, base64 for everything else, urlencoded forms included.
TEXT_TYPES = ("text/", "application/json", "application/javascript", "application/xml")


def envelope(method, path, body=None, content_type=None, headers=None, query="", as_base64=False):
    """Payload format 2.0, as a function URL sends it."""
    host = "sample.lambda-url.us-east-1.on.aws"
    all_headers = {
        "accept": "application/json",
        "host": host,
        "user-agent": "leadline-sample",
        "x-forwarded-for": "192.0.2.44",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
        **{name.lower(): value for name, value in (headers or {}).items()},
    }
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": all_headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "sample",
            "domainName": host,
            "domainPrefix": "sample",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.44",
                "userAgent": "leadline-sample",
            },
            "requestId": "00000000-0000-4000-8000-000000000001",
            "routeKey": "$default",
            "stage": "$default",
            "time": "02/Nov/2026:09:31:08 +0000",
            "timeEpoch": 1793611868000,
        },
        "isBase64Encoded": False,
    }
    if query:
        event["queryStringParameters"] = dict(part.split("=", 1) for part in query.split("&"))
    if body is not None:
        all_headers["content-type"] = content_type
        all_headers["content-length"] = str(len(body))
        event["isBase64Encoded"] = as_base64
        event["body"] = base64.b64encode(body).decode() if as_base64 else body.decode()
    return event


def delivery(submission):
    """A submission on its way to capture."""
    as_base64 = not submission.content_type.startswith(TEXT_TYPES)
    path = f"/v1/sources/{submission.source}"
    return envelope("POST", path, submission.body, submission.content_type, submission.headers, as_base64=as_base64)


def asked_of_api(method, path, query=""):
    return envelope(method, path, query=query, headers={"Authorization": "Bearer sample-token"})


def schedule():
    """What the schedule hands to recycle: EventBridge Scheduler's default input."""
    return {
        "version": "0",
        "id": "00000000-0000-4000-8000-000000000002",
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": "123456789012",
        "time": "2026-11-02T09:32:00Z",
        "region": "us-east-1",
        "resources": ["arn:aws:scheduler:us-east-1:123456789012:schedule/default/leadline-recycle"],
        "detail": "{}",
    }


def everything():
    return {
        "capture-form-urlencoded": delivery(submissions.urlencoded_form()),
        "capture-form-json": delivery(submissions.json_form()),
        "capture-form-multipart": delivery(submissions.multipart_form()),
        "capture-form-malformed": delivery(submissions.malformed_form()),
        "capture-typeform": delivery(submissions.typeform(SAMPLE_TYPEFORM_SECRET)),
        "capture-chatbot": delivery(submissions.chatbot()),
        "capture-batch": envelope(
            "POST",
            "/v1/sources/website/batch",
            (EVENTS / "batches/vendor.csv").read_bytes(),
            "text/csv",
            as_base64=False,
        ),
        "capture-health": envelope("GET", "/v1/health"),
        "events-post": envelope("POST", "/v1/events", submissions.events(), "application/json"),
        "recycle-schedule": schedule(),
        "api-get-lead": asked_of_api("GET", "/v1/leads/lead_00000000000000000000000000"),
        "api-list-leads": asked_of_api("GET", "/v1/leads", "email=ada.okafor%40northwind.example"),
    }


def main():
    only_check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not only_check:
        print(__doc__, file=sys.stderr)
        return 2
    differing = []
    for name, event in everything().items():
        path = EVENTS / f"{name}.json"
        text = json.dumps(event, indent=2, ensure_ascii=False) + "\n"
        if path.exists() and path.read_text() == text:
            continue
        differing.append(path.name)
        if not only_check:
            path.write_text(text)
    verb = "differ from scripts/make-events.py" if only_check else "written"
    if differing:
        print(f"{verb}: {', '.join(differing)}")
    return 1 if only_check and differing else 0


if __name__ == "__main__":
    sys.exit(main())
