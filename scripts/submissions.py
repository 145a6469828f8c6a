"""What five invented people send, each in the way of another source: used by the proof of the template and for events/.

All addresses are under domains nobody can own, all numbers from ranges reserved for fiction.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from urllib.parse import urlencode

BOUNDARY = "----leadline-sample-boundary"


@dataclass(frozen=True)
class Submission:
    """A request body and what has to be said about it."""

    source: str
    email: str
    content_type: str
    body: bytes
    headers: dict = field(default_factory=dict)


def as_json(value):
    return json.dumps(value, ensure_ascii=False, indent=None, separators=(",", ":")).encode()


def urlencoded_form(source="website"):
    body = urlencode(
        {
            "first_name": "Ada",
            "last_name": "Okafor",
            "email": "ada.okafor@northwind.example",
            "phone": "+1 202-555-0143",
            "company": "Northwind Traders",
            "job_title": "Head of Operations",
            "country": "US",
            "message": "We need forty seats by March.",
            "utm_source": "newsletter",
            "utm_campaign": "spring",
        }
    ).encode()
    return Submission(source, "ada.okafor@northwind.example", "application/x-www-form-urlencoded", body)


def json_form(source="website"):
    body = as_json(
        {
            "first_name": "Ben",
            "last_name": "Sørensen",
            "email": "ben@fjord.example",
            "phone": "+44 20 7946 0321",
            "company": "Fjord Logistics",
            "job_title": "CTO",
            "country": "GB",
        }
    )
    return Submission(source, "ben@fjord.example", "application/json", body)


def json_form_again(source="website"):
    """The person of `urlencoded_form`, from another page, with another spelling of the address."""
    body = as_json({"email": "Ada.Okafor@Northwind.example", "message": "Could you call me tomorrow?"})
    return Submission(source, "ada.okafor@northwind.example", "application/json", body)


def multipart_form(source="website"):
    fields = {
        "first_name": "Chloé",
        "last_name": "Meunier",
        "email": "chloe.meunier@example.org",
        "phone": "+49 30 901820 17",
        "company": "Atelier Meunier",
        "country": "DE",
    }
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    body = ("".join(parts) + f"--{BOUNDARY}--\r\n").encode()
    return Submission(source, "chloe.meunier@example.org", f"multipart/form-data; boundary={BOUNDARY}", body)


def malformed_form(source="website"):
    body = as_json({"first_name": "Nobody", "email": "not-an-address"})
    return Submission(source, "", "application/json", body)


def typeform(secret, source="typeform"):
    """A Typeform response, signed with `secret` as Typeform does: base64 of HMAC-SHA256 over the body."""
    questions = [
        ("email", "email", "What is your work e-mail?", "dora@lumen.example"),
        ("first_name", "short_text", "What is your first name?", "Dora"),
        ("last_name", "short_text", "And your last name?", "Haddad"),
        ("company", "short_text", "Where do you work?", "Lumen Instruments"),
    ]
    answers = []
    for reference, kind, _, value in questions:
        answer_type = "email" if kind == "email" else "text"
        answers.append({"type": answer_type, answer_type: value, "field": {"id": reference, "ref": reference, "type": kind}})
    body = as_json(
        {
            "event_id": "01LEADLINESAMPLE000000000A",
            "event_type": "form_response",
            "form_response": {
                "form_id": "sample01",
                "token": "leadlinesampleresponse0000000001",
                "landed_at": "2026-11-02T09:29:41Z",
                "submitted_at": "2026-11-02T09:31:07Z",
                "hidden": {"utm_source": "search"},
                "definition": {
                    "id": "sample01",
                    "title": "Talk to us",
                    "fields": [
                        {"id": reference, "ref": reference, "type": kind, "title": title}
                        for reference, kind, title, _ in questions
                    ],
                },
                "answers": answers,
            },
        }
    )
    signature = base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()
    return Submission(source, "dora@lumen.example", "application/json", body, {"Typeform-Signature": f"sha256={signature}"})


def chatbot(source="assistant"):
    body = as_json(
        {
            "conversation_id": "conv-sample-0001",
            "email": "emil@example.com",
            "first_name": "Emil",
            "last_name": "Novak",
            "company": "Novak & Sons",
            "country": "US",
            "message": "Asked about prices for 200 users.",
        }
    )
    return Submission(source, "emil@example.com", "application/json", body)


def file():
    """A file of three rows, of which the second is wrong; and the addresses of the others."""
    text = (
        "First name;Last name;E-mail;Company;Country\n"
        "Farah;Delgado;farah@harbour.example;Harbour Freight;SE\n"
        "Goran;Petrov;goran at harbour;Harbour Freight;SE\n"
        "Hanna;Moreau;hanna@atelier.example;Atelier Moreau;FR\n"
    )
    return text.encode(), ["farah@harbour.example", "hanna@atelier.example"]


def events():
    """Behaviour, as a tracker reports it on POST /v1/events."""
    return as_json(
        {
            "events": [
                {
                    "id": "evt-sample-0001",
                    "type": "page_viewed",
                    "at": "2026-11-02T09:40:00Z",
                    "email": "ada.okafor@northwind.example",
                    "properties": {"path": "/pricing"},
                }
            ]
        }
    )
