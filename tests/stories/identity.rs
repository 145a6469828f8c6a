use tests::World;

#[tokio::test]
async fn sixteen_copies_at_once_end_in_one_lead_twenty_times() {
    let world = World::new().await;
    for round in 0..20 {
        let email = format!("copy{round}@example.com");
        let body =
            format!("email=copy{round}%40example.com&phone=%2B1+202+555+01{round:02}&country=US");
        let posts = (0..16).map(|_| world.post_form("website", &body));
        let answers = futures::future::join_all(posts).await;
        let ids: std::collections::BTreeSet<String> = answers
            .iter()
            .map(|answer| answer.body["submissions"][0].to_string())
            .collect();
        assert_eq!(ids.len(), 1, "one content is one submission");
        world.settle().await;
        let lead = world.lead(&email).await;
        let assigned = world
            .history(&lead)
            .await
            .iter()
            .filter(|entry| entry["kind"] == "assigned")
            .count();
        assert_eq!(assigned, 1, "one owner");
        let ids: std::collections::BTreeSet<String> = world
            .told()
            .await
            .into_iter()
            .filter(|(_, body)| body["data"]["lead"]["id"] == lead["id"])
            .map(|(id, _)| id)
            .collect();
        assert_eq!(ids.len(), 1, "one delivery id");
    }
    world.end().await;
}

#[tokio::test]
async fn a_person_who_comes_by_number_and_by_both_at_once_is_one_lead() {
    let world = World::new().await;
    for round in 0..20 {
        let posts = (0..8).map(|number| {
            let phone = format!("phone=%2B1+202+555+01{round:02}&custom_note=n{number}");
            let body = match number % 2 {
                0 => phone,
                _ => format!("{phone}&email=race{round}%40example.com"),
            };
            let world = &world;
            async move { world.post_form("website", &body).await }
        });
        let answers = futures::future::join_all(posts).await;
        world.settle().await;
        let by_email = world.lead(&format!("race{round}@example.com")).await;
        for answer in &answers {
            let id = answer.body["submissions"][0].as_str().unwrap();
            let record = world.get(&format!("/v1/submissions/{id}")).await;
            let lead = record.body["lead"].as_str().unwrap();
            let lead = world.get(&format!("/v1/leads/{lead}")).await.body;
            assert_eq!(lead["id"], by_email["id"], "round {round}");
        }
    }
    world.end().await;
}

#[tokio::test]
async fn different_submissions_of_one_person_at_once_end_in_one_lead() {
    let world = World::new().await;
    for round in 0..20 {
        let posts = (0..8).map(|number| {
            let email = format!("email=many{round}%40example.com");
            let phone = format!("phone=%2B1+202+555+01{round:02}");
            let body = match number % 3 {
                0 => format!("{email}&custom_note=n{number}"),
                1 => format!("{phone}&custom_note=n{number}"),
                _ => format!("{email}&{phone}&custom_note=n{number}"),
            };
            let world = &world;
            async move { world.post_form("website", &body).await }
        });
        let answers = futures::future::join_all(posts).await;
        assert!(answers.iter().all(|answer| answer.status == 202));
        world.settle().await;
        let by_email = world.lead(&format!("many{round}@example.com")).await;
        for answer in &answers {
            let id = answer.body["submissions"][0].as_str().unwrap();
            let record = world.get(&format!("/v1/submissions/{id}")).await;
            assert!(
                matches!(record.body["outcome"].as_str(), Some("created" | "merged")),
                "{}",
                record.body
            );
            let lead = world
                .get(&format!(
                    "/v1/leads/{}",
                    record.body["lead"].as_str().unwrap()
                ))
                .await
                .body;
            // A phone alone may have made a lead of its own before anybody knew the e-mail; its e-mail is then not another's.
            assert!(
                lead["id"] == by_email["id"] || lead["contact"]["email"].is_null(),
                "{lead}"
            );
        }
    }
    world.end().await;
}

#[tokio::test]
async fn a_second_submission_completes_the_lead_and_leaves_it_with_its_owner() {
    let world = World::new().await;
    world
        .post_form(
            "website",
            "email=ada%40example.com&country=DE&title=CMO&utm_source=google",
        )
        .await;
    world.settle().await;
    let before = world.lead("ada@example.com").await;
    world
        .post_form(
            "website",
            "email=ADA%40example.com&country=&city=Berlin&title=&utm_source=mail",
        )
        .await;
    world.settle().await;
    let after = world.lead("ada@example.com").await;
    assert_eq!(
        (&before["id"], &before["owner"]),
        (&after["id"], &after["owner"])
    );
    assert_eq!(
        after["contact"]["title"], "CMO",
        "a blank never replaces a value"
    );
    assert_eq!(
        after["attribution"]["utm_source"], "google",
        "attribution is that of the first submission"
    );
    let history = world.history(&after).await;
    let merged = history
        .iter()
        .filter(|entry| entry["kind"] == "received")
        .nth(1)
        .unwrap();
    let reasons = merged["reasons"].to_string();
    assert!(
        reasons.contains("existing_owner") && reasons.contains("the e-mail is that of this lead"),
        "{reasons}"
    );
    assert_eq!(
        history
            .iter()
            .filter(|entry| entry["kind"] == "assigned")
            .count(),
        1
    );
    world.end().await;
}

#[tokio::test]
async fn a_switchboard_number_does_not_make_two_people_one() {
    let world = World::new().await;
    world
        .post_form(
            "website",
            "email=ada%40example.com&phone=%2B49+30+901820&first_name=Ada&last_name=Example",
        )
        .await;
    world.settle().await;
    world
        .post_form(
            "website",
            "email=grace%40example.com&phone=%2B49+30+901820&first_name=Grace&last_name=Example",
        )
        .await;
    world.settle().await;
    let (ada, grace) = (
        world.lead("ada@example.com").await,
        world.lead("grace@example.com").await,
    );
    assert_ne!(ada["id"], grace["id"]);
    let reasons = world.history(&grace).await[0]["reasons"].to_string();
    assert!(reasons.contains("kept_apart"), "{reasons}");
    world.end().await;
}
