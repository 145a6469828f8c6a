//! Files imported by the command that users run, into the process that they run.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const TOKEN: &str = "token-of-the-import-test";

struct Process {
    child: Child,
    url: String,
}

impl Process {
    fn start(data: &Path) -> Self {
        Self::configured(data, "")
    }

    fn configured(data: &Path, more: &str) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let config = data.join("leadline.toml");
        std::fs::write(&config, format!("{}\n{more}", domain::config::DEFAULT)).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_leadline"))
            .args(["dev", "--port", &port.to_string(), "--data"])
            .arg(data)
            .arg("--config")
            .arg(&config)
            .env("LEADLINE_TOKEN", TOKEN)
            .env("LEADLINE_LOG", "warn")
            .env("LEADLINE_SECRET_ACME", "agreed-with-acme")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "the process does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
        }
    }

    fn leadline(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_leadline"))
            .args(arguments)
            .args(["--url", &self.url, "--token", TOKEN])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap()
    }

    /// What the door for files answers.
    fn batch(&self, source: &str, rows: &str) -> Value {
        platform::install_tls();
        let answer = reqwest::Client::new()
            .post(format!("{}/v1/sources/{source}/batch", self.url))
            .header("x-leadline-secret", "agreed-with-acme")
            .body(rows.to_owned());
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let text = runtime.block_on(async { answer.send().await.unwrap().text().await.unwrap() });
        serde_json::from_str(&text).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.leadline(arguments, b"");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A file of 1,200 rows in UTF-16, of which two are wrong and one says what an earlier one said.
fn file() -> Vec<u8> {
    let mut text = "\u{feff}Vorname\tNachname\tE-Mail\tTelefon\r\n".to_owned();
    for number in 0..1_197 {
        text += &format!("Zoë\tMüller {number}\tzoe{number}@example.com\t\r\n");
    }
    text += "Bad\tRow\tnot an address\t\r\n";
    text += "Zoë\tMüller 7\tzoe7@example.com\t\r\n";
    text += "Nobody\tAtall\t\t\r\n";
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn a_file_is_checked_imported_and_the_second_run_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path());
    let path = directory.path().join("leads.txt");
    std::fs::write(&path, file()).unwrap();
    let path = path.to_str().unwrap();
    let report = directory.path().join("problems.jsonl");
    let report = report.to_str().unwrap();

    let checked = process.leadline(
        &[
            "import", path, "--source", "website", "--check", "--report", report,
        ],
        b"",
    );
    let text = String::from_utf8(checked.stdout).unwrap();
    assert_eq!(checked.status.code(), Some(1), "{text}");
    assert!(text.contains("row 1198 (line 1199): email: "), "{text}");
    assert!(
        text.ends_with("1200 rows: 1198 good, 2 wrong.\nNothing was sent.\n"),
        "{text}"
    );
    assert_eq!(std::fs::read_to_string(report).unwrap().lines().count(), 2);

    let strict = process.leadline(
        &["import", path, "--source", "website", "--all-or-nothing"],
        b"",
    );
    assert_eq!(strict.status.code(), Some(1));
    assert!(
        String::from_utf8(strict.stdout)
            .unwrap()
            .contains("one wrong row refuses the whole file")
    );

    // The first piece was sent by an import that broke off.
    let first = file()[..file().len() / 2].to_vec();
    let broken_off = process.leadline(&["import", "-", "--source", "website", "--json"], &first);
    let broken_off: Value = serde_json::from_slice(&broken_off.stdout).unwrap();
    assert!(broken_off["sent"].as_u64().unwrap() >= 500);

    let done = process.leadline(&["import", path, "--source", "website", "--json"], b"");
    assert_eq!(
        (done.status.code(), done.stderr.as_slice()),
        (Some(0), &b""[..]),
        "the good rows are safe, and programs read standard error"
    );
    let done: Value = serde_json::from_slice(&done.stdout).unwrap();
    let sums = ["rows", "good", "rejected", "known"].map(|name| done[name].as_u64().unwrap());
    assert_eq!(sums, [1_200, 1_198, 2, 500], "{done}");
    let again = process.json(&["import", path, "--source", "website", "--json"]);
    assert_eq!(
        (&again["sent"], &again["known"]),
        (&0.into(), &1_198.into())
    );
    assert_eq!(again["batches"], serde_json::json!([]));

    let last = done["batches"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned();
    let deadline = Instant::now() + Duration::from_secs(120);
    let batch = loop {
        let batch = process.json(&["batch", &last, "--json"]);
        if batch["outcomes"].get("in_flight").is_none() {
            break batch;
        }
        assert!(Instant::now() < deadline, "{}", batch["outcomes"]);
        std::thread::sleep(Duration::from_millis(100));
    };
    assert_eq!(batch["outcomes"]["created"], 198);
    let shown = process.leadline(&["batch", &last], b"");
    assert!(
        String::from_utf8(shown.stdout)
            .unwrap()
            .contains("rejected")
    );
}

#[test]
fn prospects_of_adf_are_imported_and_the_second_run_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path());
    let mut text = "<?adf version=\"1.0\"?>\n<adf>\n".to_owned();
    for number in 0..1_200 {
        text += &format!(
            "<prospect><id source=\"Fair\">F-{number}</id><customer><contact><name part=\"full\">Dana Reyes</name><email>dana{number}@example.com</email></contact></customer></prospect>\n"
        );
    }
    text += "<prospect><customer></prospect>\n</adf>\n";
    let path = directory.path().join("prospects.xml");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    let done = process.json(&["import", path, "--source", "website", "--json"]);
    let sums = ["rows", "good", "rejected", "sent"].map(|name| done[name].as_u64().unwrap());
    assert_eq!(sums, [1_201, 1_200, 1, 1_200], "{done}");
    assert_eq!(done["errors"][0]["line"], 1_203);
    let again = process.json(&["import", path, "--source", "website", "--json"]);
    assert_eq!(
        (&again["sent"], &again["known"]),
        (&0.into(), &1_200.into())
    );
}

#[test]
fn an_import_without_a_terminal_names_its_first_batch_and_ends_well_if_every_row_is_safe() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path());
    let mut rows = "email,last_name\n".to_owned();
    for row in 0..5_000 {
        rows += &format!("person{row}@example.com,Number {row}\n");
    }
    let file = directory.path().join("people.csv");
    std::fs::write(&file, rows).unwrap();
    let arguments = ["import", file.to_str().unwrap(), "--source", "website"];
    let done = process.leadline(&arguments, b"");
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let told = String::from_utf8(done.stderr).unwrap();
    let first = told.lines().find(|line| line.starts_with("bat_")).unwrap();
    assert!(
        first.ends_with(
            ": its 500 rows are taken; if you stop here, the same command goes on where it stopped."
        ),
        "{told}"
    );
    let out = String::from_utf8(done.stdout).unwrap();
    assert!(out.contains("5000 rows were accepted now"), "{out}");
    assert!(out.contains(first.split(':').next().unwrap()), "{out}");
}

#[test]
fn what_is_no_table_is_told_in_words() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path());
    for (input, says) in [
        (b"PK\x03\x04workbook".as_slice(), "workbook"),
        (b"", "empty"),
        (b"ada@example.com;Ada\n", "line of names"),
        (b"email,last_name\n", "no rows"),
    ] {
        let output = process.leadline(&["import", "-", "--source", "website"], input);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(text.contains(says), "{text}");
        assert!(!text.contains("ada@"), "{text}");
    }
    let nobody = process.leadline(
        &["import", "-", "--source", "nobody"],
        b"email\na@example.com\n",
    );
    assert_eq!(nobody.status.code(), Some(1));
    let all_wrong = process.leadline(
        &["import", "-", "--source", "website"],
        b"email\nada at example\n",
    );
    assert_eq!(all_wrong.status.code(), Some(1), "nothing is safe");
    let twice = b"email,email,last_name\na@example.com,b@example.com,Example\n";
    let twice = process.leadline(&["import", "-", "--source", "website", "--json"], twice);
    let twice: Value = serde_json::from_slice(&twice.stdout).unwrap();
    assert_eq!(twice["errors"][0]["code"], "column_repeated", "{twice}");
}

/// A vendor who sends ids, and has to say where people live.
const CONTRACT: &str = r#"
[sources.acme]
kind = "generic"
secret = "acme"
vendor = "acme"
map = { external_id = "id" }

[vendors.acme]
currency = "USD"
price = "45.00"
required = ["country"]

"#;

#[test]
fn rows_that_a_contract_refuses_when_they_are_sent_are_told_and_written_down() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::configured(
        data.path(),
        &format!("{CONTRACT}[[vendors.acme.caps]]\nname = \"day\"\nmaximum = 3\nper = \"total\"\n"),
    );
    let mut rows = "email,country\n".to_owned();
    for row in 0..5 {
        rows.push_str(&format!("person{row}@example.com,US\n"));
    }
    let file = data.path().join("five.csv");
    std::fs::write(&file, rows).unwrap();
    let report = data.path().join("report.jsonl");
    let (file, written) = (file.to_str().unwrap(), report.to_str().unwrap());
    let secret = ["--source", "acme", "--secret", "agreed-with-acme"];
    let told = process.leadline(
        &[&["import", file, "--report", written], &secret[..]].concat(),
        b"",
    );
    assert_eq!(told.status.code(), Some(0), "three rows were taken");
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(
        text.contains("2 good rows were refused when they were sent, as told above.\n3 new rows were accepted now."),
        "{text}"
    );
    let kept = std::fs::read_to_string(report).unwrap();
    let codes: Vec<Value> = kept
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["code"].clone())
        .collect();
    assert_eq!(codes, ["capped", "capped"], "{text}");
}

#[test]
fn what_a_vendor_posted_before_its_file_came_is_told_apart_from_what_is_new_and_what_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::configured(data.path(), CONTRACT);
    let secret = ["--secret", "agreed-with-acme"];
    let posted = [
        &["send", "acme", "id=lead-0001", "email=person1@example.com"][..],
        &["country=US"],
        &secret,
    ];
    let posted = process.leadline(&posted.concat(), b"");
    assert!(posted.status.success(), "{posted:?}");
    let file = data.path().join("four.csv");
    let rows = "id,email,country\n\
        lead-0001,person1@example.com,US\n\
        lead-0002,person2@example.com,US\n\
        lead-0003,person3@example.com,\n\
        lead-0004,person4@example.com,US\n\
        lead-0004,person4@example.com,US\n";
    std::fs::write(&file, rows).unwrap();
    let file = file.to_str().unwrap();

    // The door itself, as a vendor calls it, says how many of the accepted rows it had.
    let door = process.batch(
        "acme",
        "id,email,country\nlead-0001,person1@example.com,US\n",
    );
    assert_eq!(
        (&door["accepted"], &door["taken_before"]),
        (&1.into(), &1.into()),
        "{door}"
    );

    let arguments = [&["import", file, "--source", "acme"], &secret[..]].concat();
    let told = process.leadline(&arguments, b"");
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(
        text.contains("5 rows: 4 good, 1 wrong.\n2 rows were taken before, and change nothing.\n2 new rows were accepted now.\n"),
        "{text}"
    );
    let again = process.json(&[&arguments[..], &["--json"]].concat());
    let sums = ["rows", "rejected", "known", "sent", "new"].map(|name| again[name].as_u64());
    assert_eq!(sums, [5, 1, 4, 0, 0].map(Some), "{again}");
}

/// A file that is large enough to be uploaded: forty people, over and over, and one wrong row.
fn large_file() -> String {
    let message = "We met at the fair and talked about your offer for the new plant. ".repeat(30);
    let mut text = "email,last_name,message\n".to_owned();
    for row in 0..4_400 {
        let person = row % 40;
        text += &format!("person{person}@example.com,Number {person},{message}\n");
    }
    text + "not an address,Nobody,\n"
}

#[test]
fn a_large_file_is_uploaded_survives_kill_9_and_changes_nothing_when_it_comes_again() {
    let data = tempfile::tempdir().unwrap();
    let source = "[sources.fairs]\nkind = \"form\"\nsecret = \"acme\"\n";
    let file = data.path().join("fair.csv");
    std::fs::write(&file, large_file()).unwrap();
    let secret = [
        "--source",
        "fairs",
        "--secret",
        "agreed-with-acme",
        "--json",
    ];
    let arguments = [&["import", file.to_str().unwrap()], &secret[..]].concat();

    let process = Process::configured(data.path(), source);
    let mut import = Command::new(env!("CARGO_BIN_EXE_leadline"))
        .args(&arguments[..arguments.len() - 1])
        .args(["--url", &process.url])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(import.stderr.take().unwrap()).lines();
    let uploaded = lines
        .by_ref()
        .map(Result::unwrap)
        .find(|line| line.starts_with("bat_"))
        .unwrap();
    let (upload, says) = uploaded.split_once(": ").unwrap();
    assert!(
        says.starts_with("uploaded; the file is taken also if you stop here"),
        "{says}"
    );
    let uploads = data.path().join("uploads");
    let is_stored = || {
        std::fs::read_dir(&uploads).unwrap().any(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            !name.ends_with(".part")
        })
    };
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_stored() {
        assert!(Instant::now() < deadline, "nothing was stored");
        std::thread::sleep(Duration::from_millis(1));
    }
    // Kills it without a chance to end anything.
    drop(process);
    assert!(!import.wait().unwrap().success());

    let process = Process::configured(data.path(), source);
    let done = process.json(&arguments);
    let sums = ["rows", "good", "rejected"].map(|name| done[name].as_u64().unwrap());
    assert_eq!(sums, [4_401, 4_400, 1], "{done}");
    let (sent, known) = (&done["sent"], &done["known"]);
    assert_eq!(sent.as_u64().unwrap() + known.as_u64().unwrap(), 4_400);
    assert_eq!(done["errors"][0]["row"], 4_401);
    assert_eq!(done["batches"][0], upload);
    let again = process.json(&arguments);
    assert_eq!(
        (&again["sent"], &again["known"], &again["batches"]),
        (&0.into(), &4_400.into(), &done["batches"])
    );
    let batch = done["batches"][0].as_str().unwrap();
    let told = process.leadline(&["batch", batch], b"");
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains("done"), "{told}");
}
