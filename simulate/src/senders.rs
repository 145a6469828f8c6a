//! Everybody who sends something to a Leadline: forms, chatbots, a partner with files, an ad platform, trackers, sales. They
//! send again until they are answered, as real ones do.

mod vendors;

use std::time::Duration;

use domain::config::SourceKind;
use jiff::{SignedDuration, Timestamp};
use lambda_http::http::{Method, Request};
use lambda_http::{Body, RequestExt};
use serde_json::{Value, json};
use sources::{Signing, Trial};
use tokio::time::{Instant, sleep};

pub(crate) use self::vendors::{Heard, Pinged};
use crate::configuration::{ADS, PARTNER, PROOF};
use crate::dice::Dice;
use crate::story::{By, PEOPLE, Submit};
use crate::world::{TOKEN, World};

/// The ids that browsers of visitors hold.
pub(crate) const VISITORS: [&str; 2] = ["0b1f7Qw2Zr5tYx8Ke3Ln6Vu9", "7Hd2Gs9Pa4Mc1Jb6Rf8Wk3Xq"];

/// A person who was erased.
#[derive(Debug, Clone)]
pub(crate) struct Erased {
    pub(crate) person: usize,
    pub(crate) by: By,
    pub(crate) asked: String,
    pub(crate) answer: Value,
    /// When it was answered.
    pub(crate) at: Instant,
}

/// One request.
struct Sent<'a> {
    function: &'static str,
    method: Method,
    path: &'a str,
    headers: Vec<(String, String)>,
    body: &'a str,
}

impl<'a> Sent<'a> {
    fn to_capture(path: &'a str, kind: &str, body: &'a str) -> Self {
        Self {
            function: "capture",
            method: Method::POST,
            path,
            headers: vec![("content-type".to_owned(), kind.to_owned())],
            body,
        }
    }

    fn to_api(method: Method, path: &'a str, body: &'a str) -> Self {
        Self {
            function: "api",
            method,
            headers: vec![
                ("content-type".to_owned(), "application/json".to_owned()),
                ("authorization".to_owned(), format!("Bearer {TOKEN}")),
            ],
            path,
            body,
        }
    }
}

impl World {
    pub(crate) async fn submit(&self, index: usize, submit: Submit) {
        let (kind, body) = body_of(&submit);
        let path = format!("/v1/sources/{}", submit.source);
        let answer = self
            .insist(index, &Sent::to_capture(&path, kind, &body))
            .await;
        self.note_accepted(answer.as_ref(), "/submissions");
    }

    fn note_accepted(&self, answer: Option<&Value>, place: &str) {
        let named = answer.and_then(|answer| answer.pointer(place)?.as_array());
        let ids = named.into_iter().flatten().filter_map(Value::as_str);
        self.ledger().accepted.extend(ids.map(str::to_owned));
    }

    /// A file of a partner. Which submissions its rows are is asked for afterwards, as the partner would.
    pub(crate) async fn batch(&self, index: usize, rows: &[Submit]) {
        let file: Vec<String> = rows.iter().map(|row| document(&fields_of(row))).collect();
        let path = format!("/v1/sources/{PARTNER}/batch");
        let body = file.join("\n");
        let mut sent = Sent::to_capture(&path, "application/x-ndjson", &body);
        sent.headers
            .push(("x-leadline-secret".to_owned(), PROOF.to_owned()));
        let Some(answer) = self.insist(index, &sent).await else {
            return;
        };
        self.network.note("files taken");
        let path = format!(
            "/v1/batches/{}",
            answer["batch"].as_str().unwrap_or_default()
        );
        let kept = self
            .insist(index, &Sent::to_api(Method::GET, &path, ""))
            .await;
        let results = kept.as_ref().and_then(|kept| kept["results"].as_array());
        let of_rows: Vec<Value> = results
            .into_iter()
            .flatten()
            .map(|row| row["submission"].clone())
            .collect();
        let accepted = of_rows.iter().filter(|id| id.is_string()).count();
        if answer["accepted"] != accepted {
            self.ledger().violations.push(format!(
                "I1: a file was answered with {} accepted rows, and {accepted} of it are kept",
                answer["accepted"]
            ));
        }
        self.note_accepted(Some(&Value::from(of_rows)), "");
    }

    /// An ad platform says that there are leads. It tells who when it is asked.
    pub(crate) async fn announce(&self, index: usize, people: &[(usize, u32)]) {
        let changes: Vec<Value> = people
            .iter()
            .map(|(person, number)| json!({ "field": "leadgen", "value": { "leadgen_id": announced_id(*person, *number), "form_id": "77" } }))
            .collect();
        let body =
            json!({ "object": "page", "entry": [{ "id": "1", "changes": changes }] }).to_string();
        let path = format!("/v1/sources/{ADS}");
        let mut sent = Sent::to_capture(&path, "application/json", &body);
        let mut trial = Trial {
            method: "POST".to_owned(),
            query: String::new(),
            headers: Vec::new(),
            body: body.clone().into_bytes(),
        };
        let signing = Signing {
            secret: PROOF,
            handshake_secret: "",
            url: "",
            at: self.now(),
        };
        (sources::about(SourceKind::MetaLeadgen).sign)(&signing, &mut trial);
        sent.headers.append(&mut trial.headers);
        let answer = self.insist(index, &sent).await;
        if answer.is_some() {
            self.network.note("leads announced");
        }
        self.note_accepted(answer.as_ref(), "/submissions");
    }

    /// A browser says what its visitor does.
    pub(crate) async fn visit(&self, index: usize, visitor: usize, kind: &'static str, id: u32) {
        let event = json!({ "events": [{ "id": format!("visit-{kind}-{id}"), "type": kind, "age_ms": 0, "visitor": VISITORS[visitor] }] }).to_string();
        let sent = Sent::to_capture("/v1/events", "application/json", &event);
        if self
            .insist(index, &sent)
            .await
            .is_some_and(|answer| answer["accepted"] == 1)
        {
            self.network.note("visits reported");
            self.ledger().visited.insert((visitor, id, kind));
        }
    }

    pub(crate) async fn report(&self, index: usize, person: usize, kind: &str, id: u32) {
        let start = self.story.weather.start();
        let at = start
            .saturating_add(SignedDuration::from_secs(i64::from(id)))
            .unwrap_or(start);
        let event = json!({ "events": [{ "id": format!("event-{person}-{kind}-{id}"), "type": kind, "at": at, "email": PEOPLE[person].email }] });
        let event = event.to_string();
        let answer = self
            .insist(
                index,
                &Sent::to_capture("/v1/events", "application/json", &event),
            )
            .await;
        if answer.is_some_and(|answer| answer["accepted"] == 1) {
            self.ledger().reported.push((person, id, kind.to_owned()));
        }
    }

    pub(crate) async fn give_feedback(
        &self,
        index: usize,
        person: usize,
        kind: &str,
        reason: &str,
    ) {
        let email = PEOPLE[person].email.replace('@', "%40");
        let search = format!("/v1/leads?email={email}");
        let Some(found) = self
            .insist(index, &Sent::to_api(Method::GET, &search, ""))
            .await
        else {
            return;
        };
        let Some(lead) = found["leads"][0]["id"].as_str() else {
            return;
        };
        let body = json!({ "kind": kind, "reason": reason, "at": self.now() }).to_string();
        let path = format!("/v1/leads/{lead}/feedback");
        if self
            .insist(index, &Sent::to_api(Method::POST, &path, &body))
            .await
            .is_some()
        {
            self.network.note("feedback taken");
        }
    }

    pub(crate) async fn erase(&self, index: usize, person: usize, by: By) {
        let who = &PEOPLE[person];
        let body = match by {
            By::Email => json!({ "email": who.email }),
            By::Phone => json!({ "phone": who.phone }),
            By::Both => json!({ "email": who.email, "phone": who.phone }),
            By::Lead => {
                let search = format!("/v1/leads?email={}", who.email.replace('@', "%40"));
                let found = self
                    .insist(index, &Sent::to_api(Method::GET, &search, ""))
                    .await;
                let lead = found.map(|found| found["leads"][0]["id"].clone());
                match lead.filter(Value::is_string) {
                    Some(lead) => json!({ "lead": lead }),
                    None => return,
                }
            }
        };
        let text = body.to_string();
        let asked = Sent::to_api(Method::POST, "/v1/erasures", &text);
        if let Some(answer) = self.insist(index, &asked).await {
            self.network.note("people erased");
            self.ledger().erased.push(Erased {
                person,
                by,
                asked: text,
                answer,
                at: Instant::now(),
            });
        }
    }

    /// Sends a request again and again until it is answered with something final; `None` when it was refused or never was.
    async fn insist(&self, index: usize, sent: &Sent<'_>) -> Option<Value> {
        match self.insist_on(index, sent).await {
            Some((200..=299, body, _)) => Some(body),
            _ => None,
        }
    }

    /// The same, with the status of what was taken or refused, and when the request was made that was answered.
    async fn insist_on(&self, index: usize, sent: &Sent<'_>) -> Option<(u16, Value, Timestamp)> {
        let mut rng = Dice(self.story.seed).at("sender", index as u64);
        for _ in 0..40 {
            let environment = rng.usize(0..self.story.weather.environments);
            let began = self.now();
            let answer = self
                .invoke(sent.function, environment, 10, async |handlers| {
                    let mut request = Request::builder()
                        .method(sent.method.clone())
                        .uri(sent.path);
                    for (name, value) in &sent.headers {
                        request = request.header(name, value);
                    }
                    let request = request.body(Body::from(sent.body)).unwrap_or_default();
                    let bare = sent.path.split('?').next().unwrap_or_default();
                    let response = handlers
                        .answer(request.with_raw_http_path(bare), bare)
                        .await;
                    let bytes: &[u8] = response.body().as_ref();
                    (
                        response.status().as_u16(),
                        serde_json::from_slice(bytes).unwrap_or(Value::Null),
                    )
                })
                .await;
            match answer {
                Some((status @ 200..=499, body)) => return Some((status, body, began)),
                _ => {
                    self.network.note("requests sent again");
                    sleep(Duration::from_millis(rng.u64(200..9_000))).await;
                }
            }
        }
        None
    }
}

/// The id under which an ad platform announces the `number`th lead of a person.
fn announced_id(person: usize, number: u32) -> String {
    (5_000 + 10 * number as usize + person).to_string()
}

/// What the ad platform answers when it is asked for the lead with this id.
pub(crate) fn announced_answers(id: &str) -> String {
    let person = id.parse::<usize>().ok().and_then(|id| PEOPLE.get(id % 10));
    let answer = |name: &str, value: String| json!({ "name": name, "values": [value] });
    let answers = person.map(|person| {
        vec![
            answer("full_name", format!("{} {}", person.first, person.last)),
            answer("email", person.email.to_owned()),
            answer("phone_number", person.phone.to_owned()),
        ]
    });
    json!({ "id": id, "field_data": answers }).to_string()
}

fn fields_of(submit: &Submit) -> Vec<(&'static str, String)> {
    let person = &PEOPLE[submit.person];
    let mut fields: Vec<(&str, String)> = vec![
        ("first_name", person.first.to_owned()),
        ("last_name", person.last.to_owned()),
        ("country", person.country.to_owned()),
    ];
    if submit.email {
        fields.push(("email", person.email.to_owned()));
    }
    if submit.phone {
        fields.push(("phone", person.phone.to_owned()));
    }
    match submit.variant {
        0 => fields.push(("title", person.title.to_owned())),
        1 => fields.push(("company", "Brightwater".to_owned())),
        _ => fields.push(("employees", "75".to_owned())),
    }
    if submit.broken {
        fields.retain(|(name, _)| *name != "email");
        fields.push(("email", "nobody at nowhere".to_owned()));
    }
    if let Some(visitor) = submit.visitor {
        fields.push(("leadline_visitor", VISITORS[visitor].to_owned()));
    }
    fields
}

fn document(fields: &[(&'static str, String)]) -> String {
    let fields = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())));
    Value::Object(fields.collect()).to_string()
}

/// What a person's form or chatbot sends.
fn body_of(submit: &Submit) -> (&'static str, String) {
    let fields = fields_of(submit);
    if submit.source == "assistant" {
        let fields: serde_json::Map<String, Value> = fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect();
        ("application/json", json!({ "conversation_id": format!("{}-{}", submit.person, submit.variant), "variables": fields }).to_string())
    } else {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields {
            form.append_pair(name, &value);
        }
        ("application/x-www-form-urlencoded", form.finish())
    }
}
