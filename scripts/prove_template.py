#!/usr/bin/env python3
"""Deploys template.yaml to a local AWS, sends leads in, and checks what became of them.

Called by scripts/prove-template.sh, which builds everything first. Prints one line per check and how many passed.
"""

import argparse
import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote, urlsplit

import boto3
import botocore.exceptions

import submissions
from local_aws import REGION, Receiver, TlsEnd, clean_environment, engine, serving

STACK = "leadline"
FUNCTIONS = ("capture", "enrich", "score", "assign", "deliver", "recycle", "files", "api")
TYPEFORM_SECRET = "proof-typeform-secret"
PARTNER_SECRET = "proof-partner-secret"
WEBHOOK_KEY = hashlib.sha256(b"proof webhook").digest()
WEBHOOK_SECRET = "whsec_" + base64.b64encode(WEBHOOK_KEY).decode()

# The shipped configuration plus what it cannot ship: somebody's webhook, and a source whose files are uploaded.
CONFIG_ADDITIONS = """
[destinations.proof-webhook]
kind = "webhook"
url = "{url}"
secret = "proof_webhook"
notify = ["lead.assigned"]

[sources.partner]
kind = "form"
secret = "proof_partner"
"""


class Report:
    """One line per check."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, sentence, holds, detail=""):
        if holds:
            self.passed += 1
            print(f"ok    {sentence}", flush=True)
        else:
            self.failed += 1
            print(f"FAIL  {sentence}" + (f": {detail}" if detail else ""), flush=True)
        return bool(holds)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def __str__(self):
        return f"{self.status} {self.body[:300]!r}"


class Door:
    """A public address of the deployment. The engine tells them apart by the host's name."""

    def __init__(self, engine_port, url):
        self.port = engine_port
        # The engine knows HTTP APIs by the name of this machine, function URLs by the name AWS gives them.
        self.host = re.sub(r"\.execute-api\..*", ".execute-api.localhost", urlsplit(url).netloc)

    def call(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body=body, headers={"Host": self.host, "Accept": "application/json", **(headers or {})})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def submit(self, submission):
        headers = {"Content-Type": submission.content_type, **submission.headers}
        return self.call("POST", f"/v1/sources/{submission.source}", submission.body, headers)


def until(seconds, question, pause=1.0):
    """Asks until the answer is true or the time is over; returns the last answer."""
    deadline = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < deadline:
        time.sleep(pause)
    return answer


class Proof:
    def __init__(self, arguments, report, engine_port, tls_end, receiver, home):
        self.arguments = arguments
        self.report = report
        self.engine_port = engine_port
        self.tls_end = tls_end
        self.receiver = receiver
        self.home = home
        self.outputs = {}
        self.token = ""

    def client(self, service, direct=False):
        url = f"http://127.0.0.1:{self.engine_port}" if direct else self.tls_end.url
        return boto3.client(
            service, endpoint_url=url, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
        )

    def run(self):
        if not self.deploy(STACK, "function-url"):
            return
        self.queues_refuse_plain_http()
        self.set_secrets()
        if not self.push_configuration():
            return
        sent = self.send_submissions()
        self.refusals()
        self.leads_have_owners(sent)
        self.webhook_told(sent)
        self.upload()
        self.schedule_fired()
        self.every_function_ran_well()
        self.poison_is_set_aside()
        if self.arguments.keep:
            self.keep()
        # A stack of its own: the engine does not see that another FrontDoor changes what is there.
        if self.deploy(f"{STACK}-http", "http-api"):
            self.http_api_routes()
        self.nothing_was_denied()
        self.logs_hold_no_personal_data(sent)

    # ---- the stack ----

    def deploy(self, stack_name, front_door):
        """`sam deploy` of the template as it is."""
        parameters = {
            "Architecture": "x86_64",
            "FrontDoor": front_door,
            "EndpointUrl": self.tls_end.url,
            "OutboundAllow": "127.0.0.1/32",
        }
        command = [str(self.arguments.sam.absolute()), "deploy"]
        command += ["--template-file", "template.yaml", "--stack-name", stack_name, "--region", REGION]
        command += ["--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar"]
        command += ["--parameter-overrides", *[f"{name}={value}" for name, value in parameters.items()]]
        environment = clean_environment(
            self.home, AWS_ENDPOINT_URL=f"http://127.0.0.1:{self.engine_port}", SAM_CLI_TELEMETRY="0"
        )
        done = subprocess.run(
            command, cwd=self.arguments.stage, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600
        )
        if not self.report.check(f"sam deploy takes the template with FrontDoor={front_door}", done.returncode == 0):
            print(done.stdout[-4000:], done.stderr[-4000:], sep="\n")
            return False
        stack = self.client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"][0]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        self.capture = Door(self.engine_port, self.outputs["CaptureUrl"])
        self.api = Door(self.engine_port, self.outputs["ApiUrl"])
        return self.translate_rights(stack_name)

    def translate_rights(self, stack_name):
        """Rights to single statements, said in the engine's words.

        AWS judges BatchExecuteStatement by each statement (`dynamodb:PartiQLInsert` and its kin) and knows no action of
        the call's own name. The engine asks for that name instead, and does not read in the statements which table they are
        about. So each role with the first gets the second, here only; a role without it keeps being refused.
        """
        iam = self.client("iam")
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack_name)
        resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
        roles = [resource["PhysicalResourceId"] for resource in resources if resource["ResourceType"] == "AWS::IAM::Role"]
        translated = []
        for role in roles:
            for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
                document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
                granted = [statement["Action"] for statement in document["Statement"] if statement["Effect"] == "Allow"]
                if any("dynamodb:PartiQLInsert" in actions for actions in granted):
                    statement = {"Effect": "Allow", "Action": "dynamodb:BatchExecuteStatement", "Resource": "*"}
                    added = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
                    iam.put_role_policy(RoleName=role, PolicyName=f"{policy}-statements", PolicyDocument=added)
                    translated.append(policy)
        told = ", ".join(sorted(translated))
        return self.report.check(f"of {len(roles)} roles, these may insert by statement: {told}", told == "assign, deliver, enrich", told)

    def queues_refuse_plain_http(self):
        queues = [url for name, url in self.outputs.items() if name.endswith(("QueueUrl", "DeadLettersUrl"))]
        sqs = self.client("sqs", direct=True)
        open_queues = []
        for url in queues:
            try:
                sqs.send_message(QueueUrl=url, MessageBody="over plain http")
                open_queues.append(url.rsplit("/", 1)[-1])
            except botocore.exceptions.ClientError as error:
                if "AccessDenied" not in error.response["Error"]["Code"]:
                    open_queues.append(f"{url.rsplit('/', 1)[-1]} ({error.response['Error']['Code']})")
        self.report.check(f"all {len(queues)} queues refuse what does not come over TLS", not open_queues and len(queues) == 10, ", ".join(open_queues))

    def set_secrets(self):
        """What an operator does: adds names to the secret and leaves the pepper alone."""
        secrets = self.client("secretsmanager")
        made = json.loads(secrets.get_secret_value(SecretId=self.outputs["SecretsId"])["SecretString"])
        self.token = secrets.get_secret_value(SecretId=self.outputs["ApiTokenSecretId"])["SecretString"]
        self.report.check("the stack made a pepper and an API token", len(made.get("pepper", "")) >= 64 and len(self.token) >= 48)
        made |= {"typeform": TYPEFORM_SECRET, "proof_webhook": WEBHOOK_SECRET, "proof_partner": PARTNER_SECRET}
        secrets.put_secret_value(SecretId=self.outputs["SecretsId"], SecretString=json.dumps(made))

    def push_configuration(self):
        text = self.arguments.config.read_text() + CONFIG_ADDITIONS.format(url=self.receiver.url)
        path = self.home / "leadline.toml"
        path.write_text(text)
        # The command reaches the function URL by a path, since its own host name is known to AWS's name servers only.
        url = f"http://127.0.0.1:{self.engine_port}/_aws/lambda-url/{self.api.host.split('.')[0]}"
        done = subprocess.run(
            [str(self.arguments.leadline.absolute()), "push", str(path), "--url", url],
            env=clean_environment(self.home, LEADLINE_TOKEN=self.token),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return self.report.check(
            "leadline push stores the configuration", done.returncode == 0 and "cfg_" in done.stdout, done.stdout + done.stderr
        )

    # ---- leads ----

    def get(self, path):
        return self.api.call("GET", path, headers={"Authorization": f"Bearer {self.token}"})

    def leads_of(self, email):
        answer = self.get(f"/v1/leads?email={quote(email)}")
        found = answer.json()
        return found["leads"] if answer.status == 200 and isinstance(found, dict) else []

    def send_submissions(self):
        health = self.capture.call("GET", "/v1/health")
        self.report.check("capture is healthy", health.status == 200, health)
        sent = {
            "an urlencoded form": submissions.urlencoded_form(),
            "a JSON form": submissions.json_form(),
            "a multipart form": submissions.multipart_form(),
            "a signed Typeform response": submissions.typeform(TYPEFORM_SECRET),
            "a chatbot's conversation": submissions.chatbot(),
        }
        self.ids = {}
        for name, submission in sent.items():
            answer = self.capture.submit(submission)
            ids = (answer.json() or {}).get("submissions", [])
            self.ids[submission.email] = ids
            self.report.check(f"{name} is accepted", answer.status == 202 and len(ids) == 1 and ids[0].startswith("sub_"), answer)
        repeated = self.capture.submit(sent["a JSON form"])
        same = (repeated.json() or {}).get("submissions")
        self.report.check(
            "the same form sent twice is the same submission",
            repeated.status == 202 and same == self.ids[sent["a JSON form"].email],
            repeated,
        )
        # The first form has to be a lead before the second one can be merged into it for certain.
        first = sent["an urlencoded form"]
        until(60, lambda: self.leads_of(first.email))
        again = self.capture.submit(submissions.json_form_again())
        self.second_id = ((again.json() or {}).get("submissions") or [""])[0]
        self.report.check("another form of a known person is accepted", again.status == 202, again)
        return list(sent.values())

    def refusals(self):
        refused = self.capture.submit(submissions.malformed_form())
        problem = refused.json() or {}
        fields = [error.get("field") for error in problem.get("errors", [])]
        self.report.check(
            "a malformed address is refused with 422, problem+json and the field's name",
            refused.status == 422 and refused.headers.get("content-type", "").startswith("application/problem+json") and "email" in fields,
            refused,
        )
        forged = self.capture.submit(submissions.typeform("somebody else's secret"))
        self.report.check("a Typeform response with a wrong signature is refused with 401", forged.status == 401, forged)
        unknown = self.capture.call("POST", "/v1/sources/nobody", b"{}", {"Content-Type": "application/json"})
        self.report.check("an unknown source is refused with 404", unknown.status == 404, unknown)
        stranger = self.api.call("GET", "/v1/leads?stage=lead", headers={"Authorization": "Bearer guess"})
        self.report.check("the API refuses a wrong token with 401", stranger.status == 401, stranger)

    def leads_have_owners(self, sent):
        self.lead_ids = {}
        for submission in sent:
            leads = until(90, lambda email=submission.email: [lead for lead in self.leads_of(email) if lead.get("owner")])
            self.report.check(
                f"the lead from {submission.source} ({submission.content_type.split(';')[0]}) has an owner",
                leads,
                self.get(f"/v1/leads?email={quote(submission.email)}"),
            )
            if leads:
                self.lead_ids[submission.email] = leads[0]["id"]
        outcome = until(60, lambda: self.outcome_of(self.second_id))
        leads = self.leads_of(sent[0].email)
        self.report.check(
            "the second form of one person is merged into the one lead", outcome == "merged" and len(leads) == 1, f"{outcome}, {len(leads)} leads"
        )
        repeated = self.leads_of(sent[1].email)
        self.report.check("the form sent twice made one lead", len(repeated) == 1, f"{len(repeated)} leads")
        history = self.get(f"/v1/leads/{self.lead_ids.get(sent[0].email, '')}/history")
        self.report.check("the history of a lead can be read", history.status == 200 and b"seq" in history.body, history)

    def outcome_of(self, submission_id):
        answer = self.get(f"/v1/submissions/{submission_id}")
        return (answer.json() or {}).get("outcome") if answer.status == 200 else None

    def webhook_told(self, sent):
        wanted = set(self.lead_ids.values())

        def told():
            return {lead for lead in wanted if any(lead.encode() in delivery.body for delivery in self.receiver.deliveries)}

        until(90, lambda: len(wanted) == len(sent) and told() == wanted)
        self.report.check("the webhook was told of every lead", len(wanted) == len(sent) and told() == wanted, f"{len(told())} of {len(sent)}")
        bad = [delivery for delivery in self.receiver.deliveries if not signature_holds(delivery)]
        self.report.check(
            "every delivery carries a Standard Webhooks signature that verifies", self.receiver.deliveries and not bad, f"{len(bad)} do not"
        )

    def upload(self):
        """A file that is put under the address that was announced for it: the bucket's notice starts `files`."""
        file, emails = submissions.file()
        announced = {"bytes": len(file), "sha256": hashlib.sha256(file).hexdigest(), "name": "partner.csv"}
        headers = {"Content-Type": "application/json", "X-Leadline-Secret": PARTNER_SECRET}

        def stage():
            return self.capture.call("POST", "/v1/sources/partner/uploads", json.dumps(announced), headers)

        answer = stage()
        place = answer.json() or {}
        if not self.report.check("a file is announced, and has an address to be put at", answer.status == 201 and "url" in place, answer):
            return
        url = urlsplit(place["url"])
        connection = http.client.HTTPConnection(url.netloc, timeout=60)
        connection.request(place["method"], f"{url.path}?{url.query}", body=file, headers=place["headers"])
        put = Answer(connection.getresponse())
        connection.close()
        self.report.check("the bucket takes the file", put.status == 200, put)
        done = until(90, lambda: (stage().json() or {}).get("stage") == "done")
        said = stage().json() or {}
        counts = [said.get(name) for name in ("accepted", "rejected", "sent")]
        wrong = [error["row"] for error in said.get("errors", [])]
        self.report.check(
            "the file is checked, its good rows are sent and the wrong one is named",
            done and counts == [len(emails), 1, len(emails)] and wrong == [2],
            said,
        )
        owned = until(60, lambda: all((self.leads_of(email) or [{}])[0].get("owner") for email in emails))
        self.report.check("the people of the file have owners", owned)
        rows = self.get(f"/v1/batches/{place['upload']}")
        outcomes = (rows.json() or {}).get("outcomes")
        self.report.check("what became of its rows can be asked", outcomes == {"created": len(emails), "rejected": 1}, rows)

    # ---- what runs beside ----

    def log_lines(self, prefix):
        """What is in the log groups of the functions whose names start so."""
        logs = self.client("logs")
        lines = []
        for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=f"/aws/lambda/{prefix}"):
            for group in page["logGroups"]:
                events = logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
                lines += [event["message"] for page in events for event in page["events"]]
        return lines

    def runs(self, function):
        # The engine writes this line for every invocation, whatever SystemLogLevel says.
        return sum(line.startswith("START RequestId") for line in self.log_lines(f"{STACK}-{function}"))

    def schedule_fired(self):
        self.report.check("the schedule started recycle", until(100, lambda: self.runs("recycle")), "no run within 100 s")

    def every_function_ran_well(self):
        for function in FUNCTIONS:
            bad = [line for line in self.log_lines(f"{STACK}-{function}") if re.search(r'"level": ?"ERROR"|errorType|panicked', line)]
            runs = self.runs(function)
            self.report.check(f"{function} ran, and logged no error", runs and not bad, f"{runs} runs; {bad[:1]}")

    def poison_is_set_aside(self):
        """A message that nobody can read ends in the dead-letter queue as it came, after five attempts."""
        sqs = self.client("sqs")
        queue, dead_letters = self.outputs["EnrichQueueUrl"], self.outputs["EnrichDeadLettersUrl"]
        kept = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])["Attributes"]["VisibilityTimeout"]
        # The template's pause between two attempts is minutes; five of them would be too long to watch.
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
        poison = '{"kind": "nobody knows", "depth": ' + "[" * 200 + "]" * 200 + "}"
        sqs.send_message(QueueUrl=queue, MessageBody=poison)

        def dead():
            return sqs.receive_message(QueueUrl=dead_letters, WaitTimeSeconds=1, VisibilityTimeout=0).get("Messages")

        messages = until(60, dead)
        self.report.check("an unreadable message ends in the dead-letter queue, unchanged", messages and messages[0]["Body"] == poison)
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": kept})

    def keep(self):
        """Leaves the local AWS standing for `sam local invoke` and for a look around, until Enter or the end of input."""
        variables = {
            "AWS_ENDPOINT_URL": self.tls_end.url,
            "LEADLINE_TABLE": self.outputs["TableName"],
            "LEADLINE_SECRETS_ID": self.outputs["SecretsId"],
            "LEADLINE_API_TOKEN_ID": self.outputs["ApiTokenSecretId"],
            "LEADLINE_OUTBOUND_ALLOW": "127.0.0.1/32",
        }
        variables |= {f"LEADLINE_QUEUE_{name.upper()}": self.outputs[f"{name}QueueUrl"] for name in ("Enrich", "Score", "Assign", "Deliver")}
        path = self.arguments.stage / "sam-local.json"
        path.write_text(json.dumps({"Parameters": variables}, indent=2) + "\n")
        print(f"The local AWS stays at {self.tls_end.url}; {path} holds the variables for sam local.")
        print(f"Capture: curl -H 'Host: {self.capture.host}' http://127.0.0.1:{self.engine_port}/v1/health")
        print("Enter ends it.", flush=True)
        sys.stdin.readline()

    def http_api_routes(self):
        """The same stack behind the HTTP API: every route reaches the right function."""
        self.set_secrets()
        text = self.arguments.config.read_text() + CONFIG_ADDITIONS.format(url=self.receiver.url)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/toml"}
        pushed = self.api.call("PUT", "/v1/config", text.encode(), headers)
        self.report.check("the HTTP API leads PUT /v1/config to api", pushed.status == 200, pushed)
        same = self.outputs["CaptureUrl"] == self.outputs["ApiUrl"]
        self.report.check("capture and api share one address behind the HTTP API", same)
        health = self.capture.call("GET", "/v1/health")
        self.report.check("the HTTP API leads /v1/health to capture", health.status == 200, health)
        form = self.capture.submit(submissions.multipart_form())
        self.report.check("the HTTP API leads /v1/sources/… to capture", form.status == 202, form)
        email = submissions.multipart_form().email
        owned = until(60, lambda: [lead for lead in self.leads_of(email) if lead.get("owner")])
        self.report.check("the HTTP API leads everything else to api, and the lead has an owner", owned, self.get(f"/v1/leads?email={quote(email)}"))

    def nothing_was_denied(self):
        """Every function had the rights it needed: no call of the whole run was refused by IAM."""
        denials = sorted({f"{denial.who}: {denial.what}" for denial in self.tls_end.denials})
        calls = self.tls_end.calls.total()
        self.report.check(f"none of {calls} calls was refused by a function's role", not denials, "; ".join(denials))
        shared = self.tls_end.calls["DynamoDB_20120810.BatchExecuteStatement"]
        print(f"      {shared} of them carried the inserts of several records at once", flush=True)

    def logs_hold_no_personal_data(self, sent):
        lines = self.log_lines(f"{STACK}-")
        text = "\n".join(lines).lower()
        words = [submission.email for submission in sent] + ["okafor", "meunier", "haddad", "novak", "delgado", "petrov", "555-0143", "2025550143", TYPEFORM_SECRET, PARTNER_SECRET]
        found = [word for word in words if word.lower() in text]
        self.report.check(f"{len(lines)} log lines hold no personal data and no secret", lines and not found, ", ".join(found))


def signature_holds(delivery):
    """Standard Webhooks: base64(HMAC-SHA256(key, id.timestamp.body)), a stamp of the last five minutes."""
    identifier = delivery.headers.get("webhook-id", "")
    stamp = delivery.headers.get("webhook-timestamp", "")
    signed = f"{identifier}.{stamp}.".encode() + delivery.body
    expected = base64.b64encode(hmac.digest(WEBHOOK_KEY, signed, hashlib.sha256)).decode()
    given = [part.removeprefix("v1,") for part in delivery.headers.get("webhook-signature", "").split(" ")]
    fresh = re.fullmatch(r"\d+", stamp) and abs(time.time() - int(stamp)) < 300 + 60
    return bool(identifier and fresh and any(hmac.compare_digest(expected, one) for one in given))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("stage", "sam", "ministack", "leadline", "config"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--keep", action="store_true", help="leave it standing after the checks, until Enter")
    parser.add_argument("--listen", default="127.0.0.1", help="address for the functions' AWS; Docker's bridge, for sam local")
    arguments = parser.parse_args()

    report = Report()
    log_path = arguments.stage.absolute() / "local-aws.log"
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="leadline-proof-", ignore_cleanup_errors=True)))
        engine_port = stack.enter_context(engine(arguments.ministack.absolute(), home, log_path))
        tls_end = stack.enter_context(serving(TlsEnd(engine_port, arguments.listen)))
        receiver = stack.enter_context(serving(Receiver()))
        Proof(arguments, report, engine_port, tls_end, receiver, home).run()
    if report.failed:
        print(f"What the local AWS and the functions said: {log_path}")
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed or not report.passed else 0


if __name__ == "__main__":
    sys.exit(main())
