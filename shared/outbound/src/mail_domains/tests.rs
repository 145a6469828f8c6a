use super::*;

/// A name server that answers every question by `reply`, over UDP and TCP.
async fn server(reply: fn(&[u8], bool) -> Vec<u8>) -> SocketAddr {
    let (udp, tcp) = loop {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = udp.local_addr().unwrap();
        if let Ok(tcp) = tokio::net::TcpListener::bind(address).await {
            break (udp, tcp);
        }
    };
    let address = udp.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 512];
        loop {
            let (length, from) = udp.recv_from(&mut buffer).await.unwrap();
            udp.send_to(&reply(&buffer[..length], false), from)
                .await
                .unwrap();
        }
    });
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = tcp.accept().await.unwrap();
            let length = stream.read_u16().await.unwrap();
            let mut question = vec![0; usize::from(length)];
            stream.read_exact(&mut question).await.unwrap();
            let answer = reply(&question, true);
            stream.write_u16(answer.len() as u16).await.unwrap();
            stream.write_all(&answer).await.unwrap();
        }
    });
    address
}

/// Of an answer that is cut off.
const CUT_OFF: u8 = 0x02;
/// Of an answer that there is no such name.
const NO_SUCH_NAME: u8 = 0x03;

/// The answer to `question` with these records, each a type and its data, as `says` marks it.
fn answer(question: &[u8], says: u8, records: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = question.to_vec();
    // The one stands in the flags' first byte, the other is the code in the second.
    bytes[2] = if says == CUT_OFF { 0x83 } else { 0x81 };
    bytes[3] = if says == NO_SUCH_NAME { 0x83 } else { 0x80 };
    bytes[7] = records.len() as u8;
    for (kind, data) in records {
        bytes.extend_from_slice(&[0xc0, 12]);
        bytes.extend_from_slice(&kind.to_be_bytes());
        bytes.extend_from_slice(&[0, 1, 0, 0, 0, 60]);
        bytes.extend_from_slice(&(data.len() as u16).to_be_bytes());
        bytes.extend_from_slice(data);
    }
    bytes
}

fn kind_of(question: &[u8]) -> u16 {
    u16::from_be_bytes([question[question.len() - 4], question[question.len() - 3]])
}

const MAILER: &[u8] = &[0, 10, 2, b'm', b'x', 0xc0, 12];
const NO_MAIL: &[u8] = &[0, 0, 0];

async fn check(reply: fn(&[u8], bool) -> Vec<u8>, expected: Mail) {
    let domains = MailDomains::at(vec![server(reply).await]);
    let found = domains
        .look_up("brightwater.example", Duration::from_secs(2))
        .await;
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_domain_takes_mail_by_its_records() {
    check(
        |question, _| answer(question, 0, &[(TYPE_MX, MAILER)]),
        Mail::Accepted,
    )
    .await;
    check(
        |question, _| answer(question, 0, &[(TYPE_MX, NO_MAIL)]),
        Mail::Refused,
    )
    .await;
    check(
        |question, _| answer(question, NO_SUCH_NAME, &[]),
        Mail::Refused,
    )
    .await;
    check(|question, _| answer(question, 0, &[]), Mail::Refused).await;
    check(
        |question, _| match kind_of(question) {
            TYPE_AAAA => answer(question, 0, &[(TYPE_AAAA, &[0; 16])]),
            _ => answer(question, 0, &[]),
        },
        Mail::Accepted,
    )
    .await;
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_fetched_over_tcp() {
    check(
        |question, is_tcp| {
            if is_tcp {
                answer(question, 0, &[(TYPE_MX, MAILER)])
            } else {
                answer(question, CUT_OFF, &[])
            }
        },
        Mail::Accepted,
    )
    .await;
}

#[tokio::test]
async fn whatever_goes_wrong_nothing_is_known() {
    check(
        |question, _| {
            let mut bytes = answer(question, 0, &[]);
            bytes[3] |= 2;
            bytes
        },
        Mail::Unknown,
    )
    .await;
    check(|_, _| vec![1, 2, 3], Mail::Unknown).await;
    let other = |question: &[u8], _| {
        let mut bytes = answer(question, 3, &[]);
        bytes[0] ^= 1;
        bytes
    };
    check(other, Mail::Unknown).await;
    let nobody = MailDomains::at(Vec::new());
    assert_eq!(
        nobody
            .look_up("brightwater.example", Duration::from_secs(1))
            .await,
        Mail::Unknown
    );
    let dead = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let alive = server(|question, _| answer(question, 0, &[(TYPE_MX, MAILER)])).await;
    let domains = MailDomains::at(vec![dead.local_addr().unwrap(), alive]);
    let found = domains
        .look_up("brightwater.example", Duration::from_secs(1))
        .await;
    assert_eq!(found, Mail::Accepted, "the second server answers");
    for bad in ["", "a..b", &"x".repeat(300), "ä.example"] {
        assert_eq!(
            domains.look_up(bad, Duration::from_millis(100)).await,
            Mail::Unknown
        );
    }
}

#[test]
fn name_servers_are_those_of_the_system() {
    let text = "# made\nsearch example.org\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver nonsense\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n";
    let found: Vec<String> = servers_in(text).iter().map(ToString::to_string).collect();
    assert_eq!(found, ["192.0.2.1:53", "[fe80::1]:53", "192.0.2.2:53"]);
}

proptest::proptest! {
    #[test]
    fn no_answer_makes_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600)) {
        let _ = read(&bytes);
        let _ = after_name(&bytes, 12);
    }

    #[test]
    fn what_almost_is_an_answer_does_not_either(position in 0usize..60, byte in proptest::prelude::any::<u8>()) {
        let question = question("brightwater.example", TYPE_MX, 7).unwrap();
        let mut bytes = answer(&question, 0, &[(TYPE_MX, MAILER), (TYPE_MX, NO_MAIL)]);
        if let Some(changed) = bytes.get_mut(position) {
            *changed = byte;
        }
        let _ = read(&bytes);
        let _ = answers(&bytes, &question);
    }
}
