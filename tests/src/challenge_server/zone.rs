//! The records of the DNS server, and the queries that it received.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex},
};

use hickory_proto::{
    op::{Message, MessageType, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{CNAME, NULL, TXT},
    },
};

/// The records of the DNS server. Clones share them.
#[derive(Clone, Default)]
pub struct Zone(Arc<Mutex<Records>>);

#[derive(Default)]
struct Records {
    data: HashMap<(String, RecordType), Vec<RData>>,
    /// Names whose queries get the next address each time; the last address stays.
    sequences: HashMap<String, Vec<IpAddr>>,
    faults: HashMap<String, DnsFault>,
    questions: Vec<Question>,
}

/// How a query for a name fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsFault {
    /// The answer is NXDOMAIN.
    NoSuchName,
    /// The answer is REFUSED.
    Refused,
    /// The answer is SERVFAIL.
    ServerFailure,
    /// There is no answer.
    Silence,
}

/// A query that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name in lower case, without the dot of the root.
    pub name: String,
    /// The record type as text, such as `A` or `TXT`.
    pub r#type: String,
}

impl Zone {
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap() = Default::default();
    }

    /// Sets the IPv4 and IPv6 addresses of `name`; there may be none.
    pub fn set_addresses(&self, name: &str, addresses: &[&str]) {
        let data = |wanted: RecordType| {
            let all = addresses.iter().map(|address| RData::from(address.parse::<IpAddr>().unwrap()));
            all.filter(|data| data.record_type() == wanted).collect()
        };
        self.set(name, RecordType::A, data(RecordType::A));
        self.set(name, RecordType::AAAA, data(RecordType::AAAA));
    }

    /// Answers each query for an IPv4 address of `name` with the next of `addresses`, as in DNS
    /// rebinding. The last one stays.
    pub fn set_address_sequence(&self, name: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.0.lock().unwrap().sequences.insert(key(name), addresses);
    }

    /// Adds a TXT record that consists of these strings.
    pub fn add_txt(&self, name: &str, strings: &[&str]) {
        let data = RData::TXT(TXT::new(strings.iter().map(|&text| text.to_owned()).collect()));
        self.0.lock().unwrap().data.entry((key(name), RecordType::TXT)).or_default().push(data);
    }

    /// Removes the TXT records of `name`.
    pub fn clear_txt(&self, name: &str) {
        self.0.lock().unwrap().data.remove(&(key(name), RecordType::TXT));
    }

    /// Makes `name` an alias of `target`.
    pub fn set_cname(&self, name: &str, target: &str) {
        self.set(name, RecordType::CNAME, vec![RData::CNAME(CNAME(absolute(target)))]);
    }

    /// Sets the CAA records of `name`, each given by its critical flag, tag and value.
    pub fn set_caa(&self, name: &str, records: &[(bool, &str, &str)]) {
        let data = records.iter().map(|&(critical, tag, value)| {
            // The library would not write every tag that there is.
            let flags = if critical { 0x80 } else { 0 };
            let length = u8::try_from(tag.len()).unwrap();
            let data = [&[flags, length], tag.as_bytes(), value.as_bytes()].concat();
            RData::Unknown { code: RecordType::CAA, rdata: NULL::with(data) }
        });
        self.set(name, RecordType::CAA, data.collect());
    }

    /// Answers queries for the CAA records of `name` with one record of that type and data, whether
    /// or not they fit together.
    pub fn set_caa_answer(&self, name: &str, code: RecordType, data: &[u8]) {
        self.set(name, RecordType::CAA, vec![RData::Unknown { code, rdata: NULL::with(data.to_vec()) }]);
    }

    /// Makes every query for `name` fail.
    pub fn set_fault(&self, name: &str, fault: DnsFault) {
        self.0.lock().unwrap().faults.insert(key(name), fault);
    }

    /// Answers queries for `name` as usual again.
    pub fn clear_fault(&self, name: &str) {
        self.0.lock().unwrap().faults.remove(&key(name));
    }

    /// All queries so far, oldest first.
    pub fn questions(&self) -> Vec<Question> {
        self.0.lock().unwrap().questions.clone()
    }

    /// The answer to a query; `None` if it is to stay unanswered.
    pub(super) fn answer(&self, query: &Message) -> Option<Message> {
        let question = query.queries.first()?;
        let mut records = self.0.lock().unwrap();
        records
            .questions
            .push(Question { name: key(&question.name.to_ascii()), r#type: question.query_type.to_string() });
        let (code, answers) = records.find(&question.name, question.query_type)?;
        let mut answer = Message::new(query.metadata.id, MessageType::Response, query.metadata.op_code);
        answer.metadata.recursion_desired = query.metadata.recursion_desired;
        answer.metadata.recursion_available = true;
        answer.metadata.response_code = code;
        answer.add_query(question.clone());
        answer.add_answers(answers);
        Some(answer)
    }

    fn set(&self, name: &str, r#type: RecordType, data: Vec<RData>) {
        self.0.lock().unwrap().data.insert((key(name), r#type), data);
    }
}

impl Records {
    /// The answer of a recursive server: CNAMEs are followed and included.
    fn find(&mut self, name: &Name, r#type: RecordType) -> Option<(ResponseCode, Vec<Record>)> {
        let mut owner = name.clone();
        let mut answers = Vec::new();
        for _ in 0..MAX_ALIASES {
            let name = key(&owner.to_ascii());
            match self.faults.get(&name) {
                Some(DnsFault::NoSuchName) => return Some((ResponseCode::NXDomain, answers)),
                Some(DnsFault::Refused) => return Some((ResponseCode::Refused, answers)),
                Some(DnsFault::ServerFailure) => return Some((ResponseCode::ServFail, answers)),
                Some(DnsFault::Silence) => return None,
                None => {}
            }
            let alias = self.data.get(&(name.clone(), RecordType::CNAME)).and_then(|data| data.first()).cloned();
            let Some(RData::CNAME(target)) = alias else {
                let code = if self.exists(&name) { ResponseCode::NoError } else { ResponseCode::NXDomain };
                let data = self.data_of(&name, r#type);
                answers.extend(data.into_iter().map(|data| Record::from_rdata(owner.clone(), TTL, data)));
                return Some((code, answers));
            };
            answers.push(Record::from_rdata(owner, TTL, RData::CNAME(target.clone())));
            owner = target.0;
        }
        Some((ResponseCode::ServFail, Vec::new()))
    }

    fn exists(&self, name: &str) -> bool {
        is_test(name) || self.sequences.contains_key(name) || self.data.keys().any(|(owner, _)| owner == name)
    }

    fn data_of(&mut self, name: &str, r#type: RecordType) -> Vec<RData> {
        if let (RecordType::A, Some(sequence)) = (r#type, self.sequences.get_mut(name)) {
            let next = if sequence.len() > 1 { Some(sequence.remove(0)) } else { sequence.first().copied() };
            return next.into_iter().map(RData::from).collect();
        }
        match self.data.get(&(name.to_owned(), r#type)) {
            Some(data) => data.clone(),
            None if r#type == RecordType::A && is_test(name) => vec![RData::from(IpAddr::from([127, 0, 0, 1]))],
            None => Vec::new(),
        }
    }
}

fn is_test(name: &str) -> bool {
    name == "test" || name.ends_with(".test")
}

fn key(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

fn absolute(name: &str) -> Name {
    Name::from_ascii(format!("{}.", key(name))).unwrap()
}

const MAX_ALIASES: usize = 10;
const TTL: u32 = 300;
