//! What vendors do in a life: they ask, sell, sell again, get leads back, and are looked at.

use serde_json::{Value, json};
use tests::deployment::PLATFORM_SECRET;

use super::{JSON, Life};

/// Contracts for everything that a vendor can do.
pub(super) const CONTRACTS: &str = r#"
[sources.dealer]
kind = "generic"
secret = "facebook"
vendor = "dealer"
ledger = true

[vendors.dealer]
currency = "EUR"
price = "20"
duplicates = { days = 30 }
criteria = [{ name = "not_fr", must = { field = "country", is_not = "FR" } }]
caps = [{ name = "day", maximum = 3, per = "day" }]
ping = { limits = [{ name = "hour", maximum = 50, per = "hour" }] }
returns = { days = 7, gives_back_cap = true, reasons = [{ code = "wrong_number", label = "Wrong number" }] }

[sources.broker]
kind = "generic"
secret = "facebook"
vendor = "broker"

[vendors.broker]
answer = "queued"
duplicates = { days = 30, among = "vendor" }
caps = [{ name = "total", maximum = 1, per = "total" }]
"#;

impl Life {
    pub(super) async fn vendors(&mut self) {
        let proved = [JSON, ("x-leadline-secret", PLATFORM_SECRET)];
        let lead = |email: &str, phone: &str| {
            json!({
                "email": email, "phone": phone, "first_name": "Zébulonia", "last_name": "O\"Quennevölle",
                "message": "my daughter Ottiline", "custom": "Xylopharm allergy",
            })
            .to_string()
        };
        let known = lead(
            "quillon.vantrease@brightmarsh-works.example",
            "+44 20 7946 0958",
        );
        let fresh = lead("fresh.Corriedale@example.org", "+1 202-555-0191");
        let wrong = lead("Ludmilla.Askervoll@@pinderfall", "call Ludmilla after six");
        let mut bought = Value::Null;
        for body in [&known, &fresh, &fresh, &wrong] {
            for target in ["/v1/sources/dealer/ping", "/v1/sources/dealer"] {
                let answer = self.send("POST", target, &proved, body).await;
                if answer["outcome"] == "accepted" && answer["submission"].is_string() {
                    bought = answer["submission"].clone();
                }
            }
            self.send("POST", "/v1/sources/broker", &proved, body).await;
            self.deployment.settle().await;
        }
        let id = bought.as_str().unwrap_or_default().to_owned();
        let submission = format!("/v1/submissions/{id}");
        let answer = self.command("GET", &submission, &[], "").await;
        assert_eq!(answer["offer"]["outcome"], "accepted", "{answer}");
        let lead = answer["lead"].as_str().unwrap_or_default();
        let contacted = json!({ "kind": "contacted" }).to_string();
        self.command(
            "POST",
            &format!("/v1/leads/{lead}/feedback"),
            &[JSON],
            &contacted,
        )
        .await;
        for reason in ["my daughter Ottiline", "Wrong number"] {
            let body = json!({ "reason": reason, "by": "jonas" }).to_string();
            self.command("POST", &format!("{submission}/return"), &[JSON], &body)
                .await;
        }
        let claims = json!({ "claims": [{ "id": "conv-Thistledown-42" }, { "email": "fresh.Corriedale@example.org" }] });
        self.command(
            "POST",
            "/v1/vendors/dealer/claims",
            &[JSON],
            &claims.to_string(),
        )
        .await;
        for target in [
            "/v1/vendors",
            "/v1/vendors/dealer/scorecard",
            "/v1/vendors/nobody/scorecard",
        ] {
            self.command("GET", target, &[], "").await;
        }
    }
}
