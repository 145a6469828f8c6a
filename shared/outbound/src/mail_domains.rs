//! Whether a domain can receive mail, asked of the system's name servers.
//!
//! One question of a few bytes over UDP, over TCP where the answer does not fit: RFC 1035, with RFC 5321, 5.1 for what
//! follows from the answer and RFC 7505 for domains that say they take none. A resolver library would be larger than the
//! function that asks. Whatever goes wrong, the answer is that nothing is known.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout_at};

/// Where systems note their name servers.
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// Most name servers that are asked. glibc's limit.
const MAX_SERVERS: usize = 3;

/// Largest answer over UDP without extensions (RFC 1035, 4.2.1).
const MAX_UDP_BYTES: usize = 512;

/// Largest answer over TCP that is read. Real answers have hundreds of bytes.
const MAX_TCP_BYTES: usize = 16_384;

/// Longest domain, in bytes (RFC 1035, 2.3.4).
const MAX_DOMAIN: usize = 253;

const TYPE_A: u16 = 1;
const TYPE_MX: u16 = 15;
const TYPE_AAAA: u16 = 28;

/// Whether a domain can receive mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mail {
    /// It names a server for mail, or has an address, which serves in place of one.
    Accepted,
    /// It does not exist, has neither, or says that it takes none.
    Refused,
    /// Nobody could say.
    Unknown,
}

/// Asks name servers.
#[derive(Debug, Clone)]
pub struct MailDomains {
    servers: Vec<SocketAddr>,
}

/// What one answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// There are records, and not only the one that takes no mail.
    Records,
    /// The one record that says that no mail is taken.
    NullMail,
    /// The name is there, without such records.
    Nothing,
    /// There is no such name.
    NoName,
    /// The answer is cut off: it has to be asked for over TCP.
    Truncated,
}

impl MailDomains {
    /// Asks the system's name servers.
    pub fn system() -> Self {
        let text = std::fs::read_to_string(RESOLV_CONF).unwrap_or_default();
        Self::at(servers_in(&text))
    }

    /// Asks these name servers, in order.
    pub fn at(servers: Vec<SocketAddr>) -> Self {
        Self { servers }
    }

    /// Whether `domain` (in A-labels) can receive mail. Takes no longer than `deadline`.
    pub async fn look_up(&self, domain: &str, deadline: Duration) -> Mail {
        let until = Instant::now() + deadline;
        timeout_at(until, self.find_out(domain, until))
            .await
            .unwrap_or(Mail::Unknown)
    }

    async fn find_out(&self, domain: &str, until: Instant) -> Mail {
        match self.ask(domain, TYPE_MX, until).await {
            Some(Said::Records) => return Mail::Accepted,
            Some(Said::NullMail | Said::NoName) => return Mail::Refused,
            Some(Said::Nothing) => {}
            Some(Said::Truncated) | None => return Mail::Unknown,
        }
        // A domain without a server for mail is one itself.
        for kind in [TYPE_A, TYPE_AAAA] {
            match self.ask(domain, kind, until).await {
                Some(Said::Records | Said::NullMail) => return Mail::Accepted,
                Some(Said::Nothing | Said::NoName) => {}
                Some(Said::Truncated) | None => return Mail::Unknown,
            }
        }
        Mail::Refused
    }

    async fn ask(&self, domain: &str, kind: u16, until: Instant) -> Option<Said> {
        let left = until.saturating_duration_since(Instant::now());
        // Each server gets its part of the time: the first may be dead.
        let part = left / u32::try_from(self.servers.len().max(1)).unwrap_or(1);
        for server in &self.servers {
            let question = question(domain, kind, fresh_id())?;
            let until = Instant::now() + part;
            let answer = timeout_at(until, exchange(*server, &question)).await;
            if let Ok(Some(said)) = answer {
                return Some(said);
            }
        }
        None
    }
}

async fn exchange(server: SocketAddr, question: &[u8]) -> Option<Said> {
    let any: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await.ok()?;
    // Connected, the socket takes nothing from anybody else.
    socket.connect(server).await.ok()?;
    socket.send(question).await.ok()?;
    let mut buffer = [0; MAX_UDP_BYTES];
    loop {
        let length = socket.recv(&mut buffer).await.ok()?;
        let Some(answer) = buffer.get(..length) else {
            continue;
        };
        // What answers another question is an old packet, or a forged one.
        if !answers(answer, question) {
            continue;
        }
        return match read(answer)? {
            Said::Truncated => over_tcp(server, question).await,
            said => Some(said),
        };
    }
}

async fn over_tcp(server: SocketAddr, question: &[u8]) -> Option<Said> {
    let mut stream = TcpStream::connect(server).await.ok()?;
    let length = u16::try_from(question.len()).ok()?;
    stream.write_all(&length.to_be_bytes()).await.ok()?;
    stream.write_all(question).await.ok()?;
    let length = usize::from(stream.read_u16().await.ok()?);
    if length > MAX_TCP_BYTES {
        return None;
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).await.ok()?;
    if !answers(&answer, question) {
        return None;
    }
    read(&answer).filter(|said| *said != Said::Truncated)
}

/// The servers that a `resolv.conf` names.
fn servers_in(text: &str) -> Vec<SocketAddr> {
    text.lines()
        .filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            (words.next()? == "nameserver").then_some(())?;
            let address = words.next()?.split('%').next()?;
            Some(SocketAddr::new(address.parse().ok()?, 53))
        })
        .take(MAX_SERVERS)
        .collect()
}

/// A number that nobody who does not see the question can know: standard hashers start from the system's randomness.
fn fresh_id() -> u16 {
    RandomState::new().hash_one(0) as u16
}

/// One question, recursion desired; `None` for what is no domain.
fn question(domain: &str, kind: u16, id: u16) -> Option<Vec<u8>> {
    if domain.is_empty() || domain.len() > MAX_DOMAIN || !domain.is_ascii() {
        return None;
    }
    let mut bytes = Vec::with_capacity(domain.len() + 18);
    bytes.extend_from_slice(&id.to_be_bytes());
    bytes.extend_from_slice(&[1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in domain.split('.') {
        let length = u8::try_from(label.len())
            .ok()
            .filter(|length| (1..64).contains(length))?;
        bytes.push(length);
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    bytes.extend_from_slice(&kind.to_be_bytes());
    bytes.extend_from_slice(&[0, 1]);
    Some(bytes)
}

/// Whether it is an answer to this question: the same number, and the question repeated.
fn answers(answer: &[u8], question: &[u8]) -> bool {
    let is_answer = answer.get(2).is_some_and(|flags| flags & 0x80 != 0);
    let repeated = answer.get(12..question.len());
    is_answer
        && answer.get(..2) == question.get(..2)
        && repeated
            .zip(question.get(12..))
            .is_some_and(|(given, asked)| given.eq_ignore_ascii_case(asked))
}

/// What an answer says about the records that were asked for; `None` when it says nothing that can be relied on.
fn read(answer: &[u8]) -> Option<Said> {
    let number = |at: usize| Some(u16::from_be_bytes([*answer.get(at)?, *answer.get(at + 1)?]));
    let flags = number(2)?;
    if flags & 0x0200 != 0 {
        return Some(Said::Truncated);
    }
    match flags & 0x000f {
        0 => {}
        3 => return Some(Said::NoName),
        _ => return None,
    }
    let (questions, records) = (number(4)?, number(6)?);
    if questions != 1 {
        return None;
    }
    let mut at = after_name(answer, 12)?;
    let wanted = number(at)?;
    at += 4;
    let mut said = Said::Nothing;
    for _ in 0..records {
        at = after_name(answer, at)?;
        let kind = number(at)?;
        let length = usize::from(number(at + 8)?);
        let data = at + 10;
        answer.get(data..data + length)?;
        if kind == wanted {
            let is_null = wanted == TYPE_MX && length == 3 && answer.get(data + 2) == Some(&0);
            if !is_null {
                return Some(Said::Records);
            }
            said = Said::NullMail;
        }
        at = data + length;
    }
    Some(said)
}

/// Where what follows a name begins. A name is not followed through its jumps, only passed.
fn after_name(answer: &[u8], mut at: usize) -> Option<usize> {
    // A name of 255 bytes has at most 127 labels.
    for _ in 0..128 {
        match *answer.get(at)? {
            0 => return Some(at + 1),
            jump if jump & 0xc0 == 0xc0 => {
                answer.get(at + 1)?;
                return Some(at + 2);
            }
            length if length & 0xc0 == 0 => at += usize::from(length) + 1,
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests;
