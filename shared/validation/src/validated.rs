//! What a resolver that validates DNSSEC says (RFC 4035 §3.2): the records, whether it found them
//! authentic, and for a broken chain of signatures an error, which is never an answer.
//!
//! The resolver is the CA's own and validates for it; nothing is validated here. A validator in
//! this process would take the place of [`Validated`] and nothing else (decision 0027).

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Mutex,
};

use hickory_resolver::proto::{
    op::{Message, Metadata, ResponseCode},
    rr::{
        Name, RData, RecordType,
        rdata::opt::{EdnsCode, EdnsOption},
    },
};

use crate::{
    Lack, Rules,
    caa::CaaRecord,
    deadline::Deadline,
    excerpt::excerpt,
    exchange::{self, Answer},
    fault::{DnsQuery, Fault},
    plain_caa,
    question::Question,
    records::{mnemonic, of_type},
};

/// A resolver that validates, and what it said of its answers so far.
pub(crate) struct Validated<'a> {
    server: SocketAddr,
    rules: &'a Rules,
    deadline: Deadline,
    said: Mutex<Option<bool>>,
}

impl<'a> Validated<'a> {
    pub(crate) fn new(server: SocketAddr, rules: &'a Rules, deadline: Deadline) -> Self {
        Self { server, rules, deadline, said: Mutex::default() }
    }

    /// Whether every answer since the last call was authentic; `None` if there was none.
    pub(crate) fn said(&self) -> Option<bool> {
        self.said.lock().ok()?.take()
    }

    /// All addresses of `name`; at least one. A fault in the answer for one family refuses: an
    /// answer that was not validated says neither that there are addresses nor that there are
    /// none.
    pub(crate) async fn addresses(&self, name: &Name, question: &DnsQuery) -> Result<Vec<IpAddr>, Fault> {
        let of = async |r#type| match self.look_up(name, r#type, question).await {
            Ok(data) => Ok(data),
            Err(Fault::NoRecord(_)) => Ok(Vec::new()),
            Err(fault) => Err(fault),
        };
        let (v6, v4) = tokio::try_join!(of(RecordType::AAAA), of(RecordType::A))?;
        let addresses: Vec<_> = v6.into_iter().chain(v4).filter_map(|data| data.ip_addr()).collect();
        if addresses.is_empty() { Err(Fault::NoRecord(question.clone())) } else { Ok(addresses) }
    }

    /// The records of that type, without the aliases that led to them; at least one.
    pub(crate) async fn look_up(
        &self,
        name: &Name,
        r#type: RecordType,
        question: &DnsQuery,
    ) -> Result<Vec<RData>, Fault> {
        let asked = asked(name, r#type, question)?;
        let octets = self.ask(&asked, question).await?;
        let message = Message::from_vec(&octets);
        let message = message.map_err(|error| unreadable(question, error.to_string()))?;
        let data = of_type(&message.answers, r#type);
        if data.is_empty() { Err(Fault::NoRecord(question.clone())) } else { Ok(data) }
    }

    /// The CAA records, which may be none.
    pub(crate) async fn caa(&self, name: &Name, question: &DnsQuery) -> Result<Vec<CaaRecord>, Fault> {
        let asked = asked(name, RecordType::CAA, question)?;
        let octets = self.ask(&asked, question).await?;
        let records = plain_caa::read(&octets, &asked).map_err(|error| unreadable(question, error.to_string()))?;
        records.ok_or_else(|| unreadable(question, "a CAA record in it is malformed".to_owned()))
    }

    /// The octets of a whole answer without an error.
    async fn ask(&self, asked: &Question, question: &DnsQuery) -> Result<Vec<u8>, Fault> {
        let exchange = exchange::ask(self.server, asked, self.rules.dns_timeout);
        let answer = self.deadline.bound(exchange).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let Answer { head, octets } = answer.map_err(|error| match Lack::towards(self.server.ip(), &error) {
            Some(lack) => Fault::Lack(lack),
            None if error.kind() == io::ErrorKind::TimedOut => Fault::Unanswered(question.clone()),
            None => failed(question, &error),
        })?;
        match head.response_code {
            ResponseCode::NoError => {
                self.note(head);
                Ok(octets)
            }
            ResponseCode::NXDomain => {
                self.note(head);
                Err(Fault::UnknownName(question.clone()))
            }
            ResponseCode::ServFail => Err(Fault::NotValidated { question: question.clone(), reason: reason(&octets) }),
            code => Err(Fault::Refused { question: question.clone(), code: mnemonic(code) }),
        }
    }

    fn note(&self, head: Metadata) {
        if let Ok(mut said) = self.said.lock() {
            *said = Some(said.unwrap_or(true) && head.authentic_data);
        }
    }
}

fn asked(name: &Name, r#type: RecordType, question: &DnsQuery) -> Result<Question, Fault> {
    let asked = Question::new(name, r#type).map_err(|error| failed(question, &error))?;
    Ok(asked.with_validation())
}

fn failed(question: &DnsQuery, error: &io::Error) -> Fault {
    Fault::LookUp { question: question.clone(), error: error.to_string() }
}

fn unreadable(question: &DnsQuery, error: String) -> Fault {
    Fault::Unreadable { question: question.clone(), error }
}

/// Why the server failed, in its words (RFC 8914); `None` if it does not say.
pub(crate) fn reason(answer: &[u8]) -> Option<String> {
    let message = Message::from_vec(answer).ok()?;
    let option = message.edns.as_ref()?.option(EdnsCode::Unknown(EXTENDED_ERROR))?;
    let EdnsOption::Unknown(_, data) = option else { return None };
    let (code, text) = data.split_first_chunk::<2>()?;
    let code = match u16::from_be_bytes(*code) {
        6 => "DNSSEC Bogus".to_owned(),
        7 => "Signature Expired".to_owned(),
        8 => "Signature Not Yet Valid".to_owned(),
        9 => "DNSKEY Missing".to_owned(),
        10 => "RRSIGs Missing".to_owned(),
        11 => "No Zone Key Bit Set".to_owned(),
        12 => "NSEC Missing".to_owned(),
        22 => "No Reachable Authority".to_owned(),
        23 => "Network Error".to_owned(),
        other => format!("extended error {other}"),
    };
    Some(if text.is_empty() { code } else { format!("{code}, \"{}\"", excerpt(text, SHOWN_REASON)) })
}

/// The option of EDNS with an extended error (RFC 8914 §2).
const EXTENDED_ERROR: u16 = 15;
const SHOWN_REASON: usize = 160;
