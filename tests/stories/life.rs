//! A whole life in a deployment: every way in, every way out and every way to fail, with distinctive personal data in
//! every field. What happens in it is judged elsewhere: `privacy` looks for the data where it must not be, `rights` for
//! calls that a role does not allow and for rights that nothing used.

mod vendors;

use std::sync::OnceLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use queue::Queue;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tests::deployment::{AwsCall, Deployment, Fault, PLATFORM_SECRET, RawAnswer, TYPEFORM_SECRET};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::{any, method, path, path_regex};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// Everything personal that is sent in, by what it is. Each piece stands for itself: a part of a name is found too.
pub(crate) const PERSONAL: [(&str, &str); 27] = [
    (
        "e-mail",
        "Quillon.Vantrease+kiosk@Brightmarsh-Works.example",
    ),
    (
        "e-mail, canonical",
        "quillon.vantrease@brightmarsh-works.example",
    ),
    ("e-mail, local part", "Vantrease"),
    ("company's domain", "Brightmarsh-Works"),
    ("first name", "Zébulonia"),
    ("last name", "O\"Quennevölle"),
    ("phone", "+44 20 7946 0958"),
    ("title", "Marzipan"),
    ("company", "Ostrakonwerke & Söhne"),
    ("city", "Wexcombe Nollberg"),
    ("message", "my daughter Ottiline"),
    ("custom field", "Xylopharm allergy"),
    ("page", "visitor=kestrelwood77"),
    ("utm", "mailing-to-Kestrelby"),
    ("consent", "Einwilligung von Marlowe"),
    ("conversation", "conv-Thistledown-42"),
    ("idempotency key", "idem-Brackenfurth"),
    ("network address", "203.0.113.77"),
    ("browser", "UA-Peregrine/9"),
    ("other e-mail", "ludmilla.askervoll@pinderfall.example"),
    ("wrong e-mail", "Ludmilla.Askervoll@@pinderfall"),
    ("wrong phone", "call Ludmilla after six"),
    ("wrong e-mail's local part", "Askervoll"),
    ("third e-mail", "third.Corriedale@example.org"),
    ("third phone", "+1 202-555-0147"),
    ("reason of sales", "moved to Thornby"),
    ("what a provider says", "Mr Hollingbeck answered"),
];

/// What has to stay out of everything, wherever the data of leads may be: what is no lead's, and our own secrets.
pub(crate) const SECRET: [(&str, &str); 11] = [
    ("password", "hunter2-Quorndon"),
    ("card", "4111 1111 1111 1111"),
    ("cookie", "session-Mulberrow"),
    ("wrong token", "token-of-Pettigrove"),
    ("pepper", tests::deployment::PEPPER),
    ("API token", tests::TOKEN),
    ("signing key", tests::SIGNING_SECRET),
    ("Typeform's secret", TYPEFORM_SECRET),
    ("provider's key", tests::deployment::PROVIDER_KEY),
    ("platform's secret", PLATFORM_SECRET),
    ("platform's token", tests::deployment::PLATFORM_TOKEN),
];

/// What somebody outside could see or keep of a life.
pub(crate) struct Life {
    /// Every call that a function made to AWS.
    pub(crate) calls: Vec<AwsCall>,
    deployment: Deployment,
    /// Answers to requests, by what was asked.
    pub(crate) answers: Vec<(String, RawAnswer)>,
    /// Bodies that receivers got.
    pub(crate) delivered: Vec<String>,
    /// What a function returned to Lambda as its failure, as Lambda's runtime would log it.
    pub(crate) failures: Vec<String>,
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");

/// Headers that a browser or a proxy adds.
const BROWSER: [(&str, &str); 4] = [
    ("x-forwarded-for", "203.0.113.77"),
    ("user-agent", "UA-Peregrine/9"),
    ("cookie", "sid=session-Mulberrow"),
    ("referer", "https://www.example.com/p?visitor=kestrelwood77"),
];

impl Life {
    /// The one that is lived in this process, for all who judge it. All that it logs is kept from its start.
    pub(crate) fn lived() -> &'static Self {
        static LIFE: OnceLock<Life> = OnceLock::new();
        LIFE.get_or_init(|| {
            crate::privacy::log();
            let lived = || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(Self::live())
            };
            // As large a stack as functions have, which run on their process's first thread.
            let thread = std::thread::Builder::new().stack_size(8 << 20).spawn(lived);
            thread.unwrap().join().unwrap()
        })
    }

    async fn live() -> Self {
        let outside = MockServer::start().await;
        let rude = rude_peer().await;
        let deployment = Deployment::new(&configuration(&outside.uri(), &rude)).await;
        let mut life = Self {
            deployment,
            calls: Vec::new(),
            answers: Vec::new(),
            delivered: Vec::new(),
            failures: Vec::new(),
        };
        answer_with_trouble(&outside).await;
        life.good_submissions().await;
        life.bad_requests().await;
        life.batch().await;
        life.upload().await;
        life.quarantine().await;
        life.announced().await;
        life.behaviour().await;
        life.sales().await;
        life.vendors().await;
        life.questions().await;
        life.poison().await;
        life.made_by_somebody_else().await;
        life.failing_aws().await;
        life.time_passes().await;
        life.delivered.extend(bodies(&outside).await);
        outside.reset().await;
        answer_well(&outside).await;
        life.good_submissions().await;
        life.time_passes().await;
        life.erasure().await;
        life.delivered.extend(bodies(&outside).await);
        life.calls = life.deployment.calls();
        life
    }

    /// Sends a request with what a browser adds, and keeps the answer.
    async fn send(
        &mut self,
        verb: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Value {
        let mut all = BROWSER.to_vec();
        all.extend_from_slice(headers);
        let answer = self.deployment.send(verb, target, &all, body).await;
        self.keep(verb, target, answer)
    }

    /// The same with the API's token.
    async fn command(
        &mut self,
        verb: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Value {
        let answer = self.deployment.command(verb, target, headers, body).await;
        self.keep(verb, target, answer)
    }

    fn keep(&mut self, verb: &str, target: &str, answer: RawAnswer) -> Value {
        let json = answer.json();
        self.answers.push((format!("{verb} {target}"), answer));
        json
    }

    async fn pass(&mut self, minutes: i64) {
        if let Err(error) = self.deployment.pass(minutes).await {
            self.failures.push(format!("{error} {error:?}"));
        }
    }

    async fn good_submissions(&mut self) {
        let form = urlencoded(&[
            ("email", "Quillon.Vantrease+kiosk@Brightmarsh-Works.example"),
            ("first_name", "Zébulonia"),
            ("last_name", "O\"Quennevölle"),
            ("phone", "+44 20 7946 0958"),
            ("title", "Chief Marzipan Officer CMO"),
            ("company", "Ostrakonwerke & Söhne"),
            ("city", "Wexcombe Nollberg"),
            ("message", "my daughter Ottiline says hello"),
            ("allergies", "Xylopharm allergy"),
            ("utm_campaign", "mailing-to-Kestrelby"),
            ("consent_contact", "Einwilligung von Marlowe"),
            ("country", "Germany"),
            ("employees", "75"),
            ("password", "hunter2-Quorndon"),
            ("card_number", "4111 1111 1111 1111"),
        ]);
        let website = "/v1/sources/website";
        self.send("POST", website, &[FORM], &form).await;
        self.send("POST", website, &[FORM], &form).await;
        let key = [FORM, ("idempotency-key", "idem-Brackenfurth")];
        self.send("POST", website, &key, &form).await;
        self.send("POST", website, &key, &format!("{form}&city=Elsewhere"))
            .await;
        self.deployment.settle().await;
        let changed = form.replace("Wexcombe", "Upper+Wexcombe");
        self.send("POST", website, &[FORM], &changed).await;
        let conversation = json!({
            "conversation_id": "conv-Thistledown-42",
            "variables": { "email": "quillon.vantrease@brightmarsh-works.example", "name": "Zébulonia O\"Quennevölle", "phone": "+44 20 7946 0958" },
            "transcript": [{ "from": "Zébulonia", "text": "my daughter Ottiline asks" }],
        });
        self.send(
            "POST",
            "/v1/sources/assistant",
            &[JSON],
            &conversation.to_string(),
        )
        .await;
        let others = [
            ("ludmilla.askervoll@pinderfall.example", "+44 20 7946 0958"),
            ("third.Corriedale@example.org", "+1 202-555-0147"),
        ];
        for (email, phone) in others {
            let form = urlencoded(&[("email", email), ("phone", phone), ("country", "US")]);
            self.send("POST", website, &[FORM], &form).await;
        }
        self.deployment.settle().await;
        // Who is one after all: a submission with the keys of two people.
        let both = urlencoded(&[
            ("email", "third.Corriedale@example.org"),
            ("phone", "+44 20 7946 0958"),
        ]);
        self.send("POST", website, &[FORM], &both).await;
        self.deployment.settle().await;
    }

    /// Requests that are refused, with personal data in every place that an error could quote.
    async fn bad_requests(&mut self) {
        let all = PERSONAL.map(|(_, text)| text).join(" ");
        let (plain, encoded) = (all.replace('"', ""), percent_encoded(&all));
        let long = encoded.repeat(200);
        let website = "/v1/sources/website";
        let multipart = ("content-type", "multipart/form-data; boundary=b");
        let broken_part =
            format!("--b\r\ncontent-disposition: form-data; name=\"{plain}\r\n\r\n{plain}\r\n--b");
        for (headers, body) in [
            (
                vec![FORM],
                format!(
                    "email=Ludmilla.Askervoll%40%40pinderfall&phone=call+Ludmilla+after+six&{encoded}"
                ),
            ),
            (vec![FORM], format!("{encoded}=%ff%fe&email=%zz{encoded}")),
            (vec![FORM], encoded.clone()),
            (vec![FORM], long),
            (vec![FORM], format!("email={encoded}%00&{encoded}%00=1")),
            (vec![JSON], format!("{{\"email\": \"{plain}\", {plain}")),
            (vec![JSON], format!("[\"{plain}\"]")),
            (
                vec![JSON],
                format!("{{\"{plain}\": {{\"a\": 1}}, \"email\": \"{plain}\"}}"),
            ),
            (
                vec![JSON],
                format!("{}\"{plain}\"{}", "[".repeat(200), "]".repeat(200)),
            ),
            (vec![multipart], broken_part),
            (vec![multipart], plain.clone()),
            (vec![("content-type", "text/Askervoll")], plain.clone()),
            (
                vec![FORM, ("idempotency-key", "idem-Brackenfurth Askervoll")],
                "email=a%40example.com".to_owned(),
            ),
        ] {
            self.send("POST", website, &headers, &body).await;
            let json_only = headers.contains(&JSON);
            if json_only {
                self.send("POST", "/v1/sources/assistant", &headers, &body)
                    .await;
                self.send("POST", "/v1/events", &headers, &body).await;
                self.send("POST", "/v1/sources/typeform", &headers, &body)
                    .await;
                self.command("POST", "/v1/config/rollback", &headers, &body)
                    .await;
            }
        }
        for target in [
            "/v1/sources/{}",
            "/v1/{}",
            "/v1/leads/{}",
            "/v1/leads/{}/history",
            "/v1/submissions/{}",
            "/v1/leads?email={}",
            "/v1/leads?phone={}",
            "/v1/leads?{}=1",
            "/v1/leads?email={}%ff",
        ] {
            let target = target.replace("{}", &encoded);
            self.command("GET", &target, &[], "").await;
            self.send(
                "GET",
                &target,
                &[("authorization", "Bearer token-of-Pettigrove")],
                "",
            )
            .await;
            self.command(
                "POST",
                &target,
                &[JSON],
                &json!({ plain.as_str(): all }).to_string(),
            )
            .await;
        }
    }

    /// A large file, of two pieces, nearly all rows of which are wrong and say something personal.
    async fn upload(&mut self) {
        let mut file = "email,phone,first_name,message\n".to_owned();
        file.push_str(
            "third.Corriedale@example.org,+1 202-555-0147,Zébulonia,my daughter Ottiline\n",
        );
        for _ in 0..500 {
            file.push_str("Ludmilla.Askervoll@@pinderfall,call Ludmilla after six,Marzipan,my daughter Ottiline\n");
        }
        let digest = Sha256::digest(file.as_bytes());
        let sha256: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let secret = ("x-leadline-secret", PLATFORM_SECRET);
        let target = "/v1/sources/facebook/uploads";
        let wrong = json!({ "bytes": "Askervoll", "sha256": "Askervoll", "Askervoll": 1 });
        self.send("POST", target, &[JSON, secret], &wrong.to_string())
            .await;
        for all_or_nothing in [true, false] {
            let said = json!({
                "bytes": file.len(), "sha256": sha256, "all_or_nothing": all_or_nothing,
                "name": "Askervoll.csv",
            });
            let said = said.to_string();
            let place = self.send("POST", target, &[JSON, secret], &said).await;
            self.deployment.put_file(&place, file.as_bytes()).await;
            self.deployment.settle().await;
            let told = self.send("POST", target, &[JSON, secret], &said).await;
            let upload = told["upload"].as_str().unwrap();
            self.command("GET", &format!("/v1/batches/{upload}"), &[], "")
                .await;
        }
    }

    /// A file, with personal data in every place that an error could quote.
    async fn batch(&mut self) {
        let all = PERSONAL
            .map(|(_, text)| text.replace('"', "\"\""))
            .join("\",\"");
        let website = "/v1/sources/website/batch";
        let csv = ("content-type", "text/csv");
        let file = format!(
            "email,phone,first_name,message,id\n\
             third.Corriedale@example.org,+1 202-555-0147,Zébulonia,my daughter Ottiline,conv-Thistledown-42\n\
             Ludmilla.Askervoll@@pinderfall,call Ludmilla after six,Marzipan,\"my daughter Ottiline,token-Brackenfurth-9\n\
             \"{all}\"\n"
        );
        for target in [
            format!("{website}?check=true"),
            format!("{website}?all_or_nothing=true"),
            website.to_owned(),
            format!("{website}?all_or_nothing={}", percent_encoded(&all)),
        ] {
            let answer = self.send("POST", &target, &[csv], &file).await;
            if let Some(batch) = answer["batch"].as_str() {
                self.deployment.settle().await;
                let batch = format!("/v1/batches/{batch}");
                self.command("GET", &batch, &[], "").await;
            }
        }
        for file in [
            format!("\"{all}\"\nx\n"),
            format!("{{\"{all}: 1}}\n{all}"),
            format!("[{{\"{all}\": 1"),
        ] {
            self.send("POST", website, &[csv], &file).await;
        }
    }

    /// A source whose sender reads no answers: what is wrong with its submissions waits for a person.
    async fn quarantine(&mut self) {
        let response = |email: &str, token: &str| {
            json!({ "event_type": "form_response", "form_response": {
                "token": token,
                "answers": [
                    { "type": "email", "email": email, "field": { "id": "1", "type": "email", "ref": "email" } },
                    { "type": "text", "text": "Zébulonia", "field": { "id": "2", "type": "short_text", "ref": "first_name" } },
                    { "type": "text", "text": "call Ludmilla after six", "field": { "id": "3", "type": "short_text", "ref": "phone" } },
                ],
            } })
            .to_string()
        };
        for (email, token) in [
            ("Ludmilla.Askervoll@@pinderfall", "token-Brackenfurth-1"),
            ("third.Corriedale@example.org", "token-Brackenfurth-2"),
        ] {
            let body = response(email, token);
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(TYPEFORM_SECRET.as_bytes()).unwrap();
            mac.update(body.as_bytes());
            let signature = format!(
                "sha256={}",
                BASE64_STANDARD.encode(mac.finalize().into_bytes())
            );
            self.send(
                "POST",
                "/v1/sources/typeform",
                &[JSON, ("typeform-signature", "sha256=Askervoll")],
                &body,
            )
            .await;
            let signed = [JSON, ("typeform-signature", signature.as_str())];
            let accepted = self
                .send("POST", "/v1/sources/typeform", &signed, &body)
                .await;
            self.deployment.settle().await;
            let id = accepted["submissions"][0]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            let submission = format!("/v1/submissions/{id}");
            self.command("GET", &submission, &[], "").await;
            let waiting = "/v1/submissions?outcome=quarantined&source=typeform";
            self.command("GET", waiting, &[], "").await;
            let discard = format!("{submission}/discard");
            let nonsense =
                json!({ "Ludmilla.Askervoll@@pinderfall": 1, "by": ["my daughter Ottiline"] });
            self.command("POST", &discard, &[JSON], &nonsense.to_string())
                .await;
            let resubmit = format!("{submission}/resubmit");
            let still_wrong = json!({ "email": "Ludmilla.Askervoll@@pinderfall", "third.Corriedale@example.org": ["my daughter Ottiline"] });
            self.command("POST", &resubmit, &[JSON], &still_wrong.to_string())
                .await;
            let still_wrong = json!({ "email": "Ludmilla.Askervoll@@pinderfall", "phone": "call Ludmilla after six" });
            self.command("POST", &resubmit, &[JSON], &still_wrong.to_string())
                .await;
            let corrected = json!({ "email": "ludmilla.askervoll@pinderfall.example", "phone": "+1 202-555-0147" }).to_string();
            let once = [JSON, ("idempotency-key", "idem-Brackenfurth")];
            self.command("POST", &resubmit, &once, &corrected).await;
            self.command("POST", &resubmit, &once, &corrected).await;
            self.command("POST", &resubmit, &once, "{}").await;
            self.deployment.settle().await;
            self.command("POST", &resubmit, &[JSON], &corrected).await;
            // Whoever looks next takes it off the list.
            self.command("GET", waiting, &[], "").await;
            let reason = json!({ "reason": "moved to Thornby", "by": "Marzipan" }).to_string();
            self.command("POST", &discard, &[JSON], &reason).await;
        }
    }

    /// A lead that is only announced, by a platform that does not give out its answers at first.
    async fn announced(&mut self) {
        let body =
            json!({ "object": "page", "entry": [{ "changes": [{ "field": "leadgen", "value": {
            "leadgen_id": "501", "form_id": "7", "created_time": 1772366400,
        } }] }] })
            .to_string();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(PLATFORM_SECRET.as_bytes()).unwrap();
        mac.update(body.as_bytes());
        let hex: String = mac
            .finalize()
            .into_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let signature = format!("sha256={hex}");
        let signed = [JSON, ("x-hub-signature-256", signature.as_str())];
        let facebook = "/v1/sources/facebook";
        self.send("POST", facebook, &signed, &body).await;
        self.send("POST", facebook, &[JSON], &body).await;
        self.send(
            "GET",
            &format!("{facebook}?hub.verify_token=Askervoll"),
            &[],
            "",
        )
        .await;
        self.deployment.settle().await;
    }

    async fn behaviour(&mut self) {
        let events = json!({ "events": [
            { "id": "e-Thistledown", "type": "event_attended", "email": "quillon.vantrease@brightmarsh-works.example" },
            { "id": "e-2", "type": "event_attended", "email": "quillon.vantrease@brightmarsh-works.example" },
            { "id": "e-3", "type": "pricing_page_visited", "email": "nobody.Corriedale@example.org" },
            { "type": "my daughter Ottiline", "email": "third.Corriedale@example.org" },
            { "type": "page_visited", "email": "Ludmilla.Askervoll@@pinderfall" },
            { "type": "page_visited", "lead": "Askervoll" },
            { "type": "page_visited", "visitor": "visitor=kestrelwood77" },
            { "type": "page_visited", "at": "moved to Thornby" },
            "my daughter Ottiline",
        ] })
        .to_string();
        self.send("POST", "/v1/events", &[JSON], &events).await;
        self.send(
            "POST",
            "/v1/events",
            &[JSON, ("x-leadline-secret", "session-Mulberrow")],
            "{\"events\": \"Askervoll\"}",
        )
        .await;
        self.deployment.settle().await;
    }

    async fn sales(&mut self) {
        let found = self
            .command(
                "GET",
                "/v1/leads?email=quillon.vantrease%40brightmarsh-works.example",
                &[],
                "",
            )
            .await;
        let id = found["leads"][0]["id"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(!id.is_empty(), "the person is known: {found}");
        let feedback = format!("/v1/leads/{id}/feedback");
        for body in [
            json!({ "kind": "my daughter Ottiline" }),
            json!({ "kind": "contacted", "third.Corriedale@example.org": "moved to Thornby", "at": "moved to Thornby" }),
            json!({ "kind": "rejected", "reason": "moved to Thornby", "by": "jonas" }),
            json!({ "kind": "rejected", "reason": "moved to Thornby", "by": "jonas" }),
        ] {
            let once = [JSON, ("idempotency-key", "idem-Brackenfurth")];
            self.command("POST", &feedback, &[JSON], &body.to_string())
                .await;
            self.command("POST", &feedback, &once, &body.to_string())
                .await;
        }
        // A reason under which somebody else gets the lead at once.
        let found = self
            .command(
                "GET",
                "/v1/leads?email=ludmilla.askervoll%40pinderfall.example",
                &[],
                "",
            )
            .await;
        let id = found["leads"][0]["id"].as_str().unwrap_or_default();
        let body = json!({ "kind": "rejected", "reason": "wrong_desk" }).to_string();
        self.command("POST", &format!("/v1/leads/{id}/feedback"), &[JSON], &body)
            .await;
        self.deployment.settle().await;
    }

    async fn questions(&mut self) {
        for query in [
            "email=Quillon.Vantrease%2Bkiosk%40Brightmarsh-Works.example",
            "email=third.Corriedale%40example.org&phone=%2B44+20+7946+0958",
            "phone=%2B1+202-555-0147",
            "email=Ludmilla.Askervoll%40%40pinderfall&phone=call+Ludmilla",
        ] {
            let found = self
                .command("GET", &format!("/v1/leads?{query}"), &[], "")
                .await;
            for lead in found["leads"].as_array().into_iter().flatten() {
                let id = lead["id"].as_str().unwrap_or_default();
                for part in ["", "/history", "/explanation"] {
                    self.command("GET", &format!("/v1/leads/{id}{part}"), &[], "")
                        .await;
                }
            }
        }
        for target in ["/v1/config", "/v1/config/versions", "/v1/health"] {
            self.command("GET", target, &[], "").await;
        }
    }

    /// Messages that no function of ours wrote.
    async fn poison(&mut self) {
        let lead = "lead_169ja6zgwzvs2qda0g93qpfm5j";
        for queue in Queue::ALL {
            for body in [
                "Ludmilla.Askervoll, my daughter Ottiline".to_owned(),
                json!({ "type": "Askervoll.v1", "email": "third.Corriedale@example.org" }).to_string(),
                json!({ "type": "submission.v1", "submission": { "id": "Askervoll", "fields": { "Askervoll": "moved to Thornby" } } }).to_string(),
                json!({ "type": "score.v1", "lead": "Askervoll", "seq": "moved to Thornby" }).to_string(),
                json!({ "type": "deliver.v1", "lead": lead, "about": 1, "destination": "Askervoll" }).to_string(),
                json!({ "type": "ask_provider.v1", "lead": lead, "provider": "Askervoll" }).to_string(),
            ] {
                self.deployment.inject(queue, &body).await;
            }
        }
        self.deployment.settle().await;
    }

    /// A new lead reaches `assign` when somebody else has made the lead of that name: its submission goes back to `enrich`.
    async fn made_by_somebody_else(&mut self) {
        let target = "/v1/leads?email=third.Corriedale%40example.org";
        let found = self.command("GET", target, &[], "").await;
        let decision = json!({
            "kind": "received", "at": "2026-03-02T11:00:00Z", "config": "cfg_00000000000000000000000000",
            "submission": "sub_00000000000000000000000001", "source": "website", "received_at": "2026-03-02T11:00:00Z",
            "outcome": "created", "fields": { "email": "third.Corriedale@example.org", "message": "my daughter Ottiline" },
            "check_at": "2026-03-02T11:15:00Z"
        });
        let message = json!({ "type": "assign.v2", "lead": found["leads"][0]["id"], "decisions": [decision] });
        self.deployment
            .inject(Queue::Assign, &message.to_string())
            .await;
        self.deployment.settle().await;
        // A copy of the form that made the lead, from a browser in which something else was done.
        let lead = &found["leads"][0];
        let mut copy = message.clone();
        copy["decisions"][0]["submission"] = lead["submissions"][0].clone();
        let event = domain::id::EventId::from_bits(77).to_string();
        let engaged = json!({
            "kind": "engaged", "at": "2026-03-02T11:00:00Z", "config": "cfg_00000000000000000000000000",
            "events": [{ "id": event, "type": "page_visited", "at": "2026-03-02T11:00:00Z" }]
        });
        copy["decisions"].as_array_mut().unwrap().push(engaged);
        self.deployment
            .inject(Queue::Assign, &copy.to_string())
            .await;
        self.deployment.settle().await;
    }

    /// AWS refuses, breaks, or something on the way to it answers with the request.
    async fn failing_aws(&mut self) {
        let form = urlencoded(&[
            ("email", "third.Corriedale@example.org"),
            ("message", "my daughter Ottiline"),
            ("phone", "+1 202-555-0147"),
        ]);
        for (target, status, is_page) in [
            ("AmazonSQS", 400, false),
            ("AmazonSQS", 400, true),
            ("DynamoDB", 400, false),
            ("PutItem", 400, true),
            ("GetItem", 200, true),
            ("Query", 400, true),
            ("secretsmanager", 400, true),
            // After these the SDK waits and tries again.
            ("AmazonSQS", 500, false),
            ("GetItem", 502, true),
        ] {
            // What was put in while AWS worked fails further inside.
            let noted = format!("{form}&note={status}{target}");
            self.send("POST", "/v1/sources/website", &[FORM], &noted)
                .await;
            // Secrets are kept for five minutes.
            self.deployment
                .clock
                .advance(jiff::SignedDuration::from_mins(6));
            let fault = Fault {
                target,
                status,
                is_page,
            };
            self.deployment.fail(Some(fault));
            let once = [FORM, ("idempotency-key", "idem-Brackenfurth")];
            self.send("POST", "/v1/sources/website", &once, &form).await;
            let event = json!({ "type": "page_visited", "email": "third.Corriedale@example.org" });
            let events = json!({ "events": [event] }).to_string();
            self.send("POST", "/v1/events", &[JSON], &events).await;
            self.command(
                "GET",
                "/v1/leads?email=third.Corriedale%40example.org",
                &[],
                "",
            )
            .await;
            if status < 500 {
                self.deployment.settle().await;
                self.pass(1).await;
            }
            self.deployment.fail(None);
            self.deployment.settle().await;
        }
    }

    /// A person is erased, asked for in wrong words first, and comes again.
    async fn erasure(&mut self) {
        for body in [
            json!({ "email": "Ludmilla.Askervoll@@pinderfall", "phone": "call Ludmilla after six" }),
            json!({ "third.Corriedale@example.org": "my daughter Ottiline" }),
            json!({ "lead": "Askervoll" }),
            json!({ "email": "third.Corriedale@example.org", "by": "mia" }),
            json!({ "email": "third.Corriedale@example.org", "by": "mia" }),
        ] {
            self.command("POST", "/v1/erasures", &[JSON], &body.to_string())
                .await;
        }
        let form = "email=third.Corriedale%40example.org&message=my+daughter+Ottiline";
        self.send("POST", "/v1/sources/website", &[FORM], form)
            .await;
        self.deployment.settle().await;
        self.pass(2).await;
    }

    /// Deadlines are missed, providers and receivers are tried again, what cooled off comes back.
    async fn time_passes(&mut self) {
        for minutes in [2, 31, 120, 90 * 24 * 60] {
            self.pass(minutes).await;
        }
    }
}

fn configuration(outside: &str, rude: &str) -> String {
    let first_rule = "[[recycling.rules]]";
    let at_once = format!(
        "{first_rule}\nname = \"Wrong desk\"\nreason = \"wrong_desk\"\nmax_times = 3\n\n{first_rule}"
    );
    let limited = "max_links = 5\nrate = { requests = 1000, seconds = 60 }";
    let mut text = domain::config::DEFAULT
        .replacen(first_rule, &at_once, 1)
        .replacen("max_links = 5", limited, 1)
        .replacen(
            "[sources.website]\n",
            "[sources.website]\nledger = true\n",
            1,
        );
    // The one that takes long to fail is told least.
    for (name, url, notices) in [
        (
            "crm",
            format!("{outside}/hook"),
            "\"lead.assigned\", \"lead.unassigned\", \"lead.stage_changed\", \"lead.sla_breached\", \"lead.erased\"",
        ),
        ("gone", format!("{outside}/gone"), "\"lead.assigned\""),
        ("rude", format!("{rude}/hook"), "\"lead.stage_changed\""),
    ] {
        text.push_str(&format!(
            "\n[destinations.{name}]\nkind = \"webhook\"\nurl = \"{url}\"\nsecret = \"crm\"\ntimeout_ms = 500\nnotify = [{notices}]\n"
        ));
    }
    text.push_str(&format!(
        "\n[sources.facebook]\nkind = \"meta-leadgen\"\nsecret = \"facebook\"\nhandshake_secret = \"facebook\"\n\
         answers = {{ token = \"facebook-token\", url = \"{outside}\" }}\n"
    ));
    text.push_str(vendors::CONTRACTS);
    for (name, base) in [("atlas", outside), ("rude", rude)] {
        text.push_str(&format!(
            "\n[enrichment.providers.{name}]\nurl = \"{base}/companies/{{domain}}\"\ntimeout_ms = 500\nretries = 2\n\
             headers = {{ authorization = {{ secret = \"atlas\", prefix = \"Bearer \" }} }}\n\
             fields = {{ industry = \"industry\", employees = \"employees\" }}\n"
        ));
    }
    text
}

/// Providers and receivers that fail in every way, and say what they were sent.
async fn answer_with_trouble(outside: &MockServer) {
    let page = |request: &Request| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let personal = PERSONAL.map(|(_, text)| text).join("</b> <b>");
        format!(
            "<html>Error for {} {body} <b>{personal}</b></html>",
            request.url
        )
    };
    for (times, status) in [(2, 500), (1, 422), (1, 403)] {
        Mock::given(method("POST"))
            .and(path("/hook"))
            .respond_with(move |request: &Request| {
                ResponseTemplate::new(status)
                    .set_body_string(page(request))
                    .insert_header("retry-after", "Askervoll")
            })
            .up_to_n_times(times)
            .mount(outside)
            .await;
    }
    Mock::given(path("/gone"))
        .respond_with(move |request: &Request| {
            ResponseTemplate::new(410).set_body_string(page(request))
        })
        .mount(outside)
        .await;
    let redirect = "https://elsewhere.example/?email=third.Corriedale%40example.org";
    Mock::given(path("/hook"))
        .respond_with(move |request: &Request| {
            ResponseTemplate::new(302)
                .insert_header("location", redirect)
                .set_body_string(page(request))
        })
        .mount(outside)
        .await;
    let wrong = json!({ "industry": { "Mr Hollingbeck answered": 1 }, "employees": "Mr Hollingbeck answered" });
    for (times, answer) in [
        (
            1,
            ResponseTemplate::new(200)
                .set_body_string("<html>Mr Hollingbeck answered for Askervoll</html>"),
        ),
        (
            1,
            ResponseTemplate::new(500).set_body_string("Mr Hollingbeck answered for Askervoll"),
        ),
        (
            1,
            ResponseTemplate::new(301).insert_header("location", redirect),
        ),
        (
            1,
            ResponseTemplate::new(200).set_body_string("{\"industry\": \"Mr Hollingbeck answered"),
        ),
        (
            1,
            ResponseTemplate::new(200)
                .set_body_bytes(b"\xff\xfeMr Hollingbeck answered".as_slice()),
        ),
        (9, ResponseTemplate::new(200).set_body_json(wrong)),
    ] {
        Mock::given(path_regex("^/companies/"))
            .respond_with(answer)
            .up_to_n_times(times)
            .mount(outside)
            .await;
    }
}

async fn answer_well(outside: &MockServer) {
    let answers = json!({ "id": "501", "created_time": "2026-03-01T12:00:00+0000", "field_data": [
        { "name": "email", "values": ["third.Corriedale@example.org"] },
        { "name": "phone_number", "values": ["+1 202-555-0147"] },
    ] });
    Mock::given(method("GET"))
        .and(path("/501"))
        .respond_with(ResponseTemplate::new(200).set_body_json(answers))
        .mount(outside)
        .await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(204))
        .mount(outside)
        .await;
}

async fn bodies(outside: &MockServer) -> Vec<String> {
    let requests = outside.received_requests().await.unwrap_or_default();
    let posts = requests.iter().filter(|request| !request.body.is_empty());
    posts
        .map(|request| String::from_utf8_lossy(&request.body).into_owned())
        .collect()
}

/// A peer that speaks no HTTP, and instead says whom it means.
async fn rude_peer() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 65_536];
            let read = stream.read(&mut request).await.unwrap_or(0);
            let _ = stream
                .write_all(b"Askervoll! third.Corriedale@example.org ")
                .await;
            let _ = stream.write_all(&request[..read]).await;
        }
    });
    format!("http://{address}")
}

fn urlencoded(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", percent_encoded(value)))
        .collect();
    pairs.join("&")
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                char::from(byte).to_string()
            }
            b' ' => "+".to_owned(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
