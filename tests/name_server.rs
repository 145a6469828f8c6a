//! A name server at the network: every domain takes mail, except those whose name says otherwise.

use outbound::MailDomains;
use tokio::net::UdpSocket;

/// Domains with this in their name do not exist.
const MISSING: &[u8] = b"nomail";

/// Questions about domains with this in their name are not answered.
const SILENT: &[u8] = b"silent";

/// Whom to ask: a server that answers until the test ends.
pub(crate) async fn start() -> MailDomains {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            if let Some(answer) = answer(&buffer[..length]) {
                let _sent = socket.send_to(&answer, from).await;
            }
        }
    });
    MailDomains::at(vec![address])
}

fn answer(question: &[u8]) -> Option<Vec<u8>> {
    let has = |part: &[u8]| question.windows(part.len()).any(|window| window == part);
    if has(SILENT) {
        return None;
    }
    let mut answer = question.to_vec();
    answer[2] = 0x81;
    answer[3] = if has(MISSING) { 0x83 } else { 0x80 };
    if !has(MISSING) {
        answer[7] = 1;
        // The name of the question, type MX, class IN, a minute, and `mx` before the same name.
        answer.extend_from_slice(&[
            0xc0, 12, 0, 15, 0, 1, 0, 0, 0, 60, 0, 7, 0, 10, 2, b'm', b'x', 0xc0, 12,
        ]);
    }
    Some(answer)
}
