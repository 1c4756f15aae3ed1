//! A question to one DNS server, and what counts as an answer to it.

use std::io;

use hickory_resolver::proto::{
    op::{Edns, Header, Message, MessageType, Metadata, OpCode, Query},
    rr::{Name, RecordType},
    serialize::binary::{BinDecodable, BinDecoder},
};

/// What a server is asked to make of signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signatures {
    /// What it likes.
    Ignored,
    /// To say what it found.
    Reported,
    /// To answer as if there were none.
    Unchecked,
}

/// A question for the records of one type.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// The number that the answer repeats.
    pub(crate) id: u16,
    /// The name, in letters of random case, and the type.
    pub(crate) query: Query,
    /// What the server is asked to make of the signatures.
    signatures: Signatures,
}

impl Question {
    /// A question with a random number. The letters of the name are large or small at random, and a
    /// server repeats them as they are: who cannot see the question has to guess those, too.
    pub(crate) fn new(name: &Name, r#type: RecordType) -> io::Result<Self> {
        let mut id = [0; 2];
        getrandom::fill(&mut id).map_err(io::Error::from)?;
        let mut name = name.clone();
        name.randomize_label_case();
        Ok(Self { id: u16::from_ne_bytes(id), query: Query::query(name, r#type), signatures: Signatures::Ignored })
    }

    /// The same to a server that validates: it is to say whether it found the answer authentic
    /// (RFC 6840 §5.7), and why it did not (RFC 8914).
    pub(crate) fn with_validation(self) -> Self {
        Self { signatures: Signatures::Reported, ..self }
    }

    /// The same without its validation (CD, RFC 4035 §3.2.2).
    pub(crate) fn without_validation(self) -> Self {
        Self { signatures: Signatures::Unchecked, ..self }
    }

    /// The message (RFC 1035 §4).
    pub(crate) fn message(&self) -> io::Result<Vec<u8>> {
        let mut message = Message::new(self.id, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = true;
        message.add_query(self.query.clone());
        if self.signatures != Signatures::Ignored {
            message.metadata.authentic_data = self.signatures == Signatures::Reported;
            message.metadata.checking_disabled = self.signatures == Signatures::Unchecked;
            let mut edns = Edns::new();
            edns.set_max_payload(LONGEST_DATAGRAM);
            message.edns = Some(edns);
        }
        message.to_vec().map_err(io::Error::other)
    }

    /// What the head of an answer to this question says; `None` for anything else. The records need
    /// not be readable.
    pub(crate) fn head_of_answer(&self, octets: &[u8]) -> Option<Metadata> {
        let (head, repeated) = self.read_head(octets)?;
        (repeated == self.query).then_some(head)
    }

    /// The same of a datagram. Anyone may send one that looks like an answer, so the letters of the
    /// name have to be as they were asked for.
    pub(crate) fn head_of_datagram(&self, octets: &[u8]) -> Option<Metadata> {
        let (head, repeated) = self.read_head(octets)?;
        (repeated == self.query && repeated.name().eq_case(self.query.name())).then_some(head)
    }

    /// The head of a response with this number, and the one question that it repeats.
    fn read_head(&self, octets: &[u8]) -> Option<(Metadata, Query)> {
        let mut decoder = BinDecoder::new(octets);
        let Header { metadata, counts } = Header::read(&mut decoder).ok()?;
        let is_answer = metadata.id == self.id && metadata.message_type == MessageType::Response;
        if is_answer && counts.queries == 1 { Some((metadata, Query::read(&mut decoder).ok()?)) } else { None }
    }
}

#[cfg(fuzzing)]
impl Question {
    /// The question that a message repeats, as if it had been asked.
    pub(crate) fn repeated(id: u16, query: Query) -> Self {
        Self { id, query, signatures: Signatures::Ignored }
    }
}

/// Octets of the longest datagram that a validating server may answer with: what every IPv6 network
/// carries in one piece (1,280 octets, RFC 8200 §5), without the headers of IP and UDP.
pub(crate) const LONGEST_DATAGRAM: u16 = 1232;
