//! CAA records that the usual client does not read: it knows tags of at most 15 letters, and takes
//! an answer with a longer one for broken. RFC 8659 §4.1 has no such bound, and a property that is
//! neither known nor critical must not stop a certificate.

use std::{io, net::SocketAddr};

use hickory_resolver::proto::{
    op::{Header, Metadata, Query, ResponseCode},
    rr::{DNSClass, Name, RecordType},
    serialize::binary::{BinDecodable, BinDecoder, DecodeError},
};

use crate::{caa::CaaRecord, exchange, question::Question};

/// Asks the server for the CAA records of `name` over TCP, which has room for all.
///
/// # Errors
/// The exchange failed, or what came is no whole answer to this question.
pub(crate) async fn ask(server: SocketAddr, name: &Name) -> io::Result<Vec<CaaRecord>> {
    let question = Question::new(name, RecordType::CAA)?;
    let answer = exchange::over_tcp(server, &question).await?;
    let records = read(&answer.octets, &question).map_err(io::Error::other)?;
    records.ok_or_else(|| io::Error::other("the answer says of an error"))
}

/// The CAA records in an answer, which may be none; `None` if it is not the whole answer to this
/// question, or a record is of another form.
pub(crate) fn read(answer: &[u8], question: &Question) -> Result<Option<Vec<CaaRecord>>, DecodeError> {
    let is_whole = |head: Metadata| !head.truncation && head.response_code == ResponseCode::NoError;
    if !question.head_of_answer(answer).is_some_and(is_whole) {
        return Ok(None);
    }
    let mut decoder = BinDecoder::new(answer);
    let Header { counts, .. } = Header::read(&mut decoder)?;
    Query::read(&mut decoder)?;
    let mut records = Vec::new();
    for _ in 0..counts.answers {
        Name::read(&mut decoder)?;
        let r#type = RecordType::read(&mut decoder)?;
        DNSClass::read(&mut decoder)?;
        let _time_to_live = decoder.read_u32()?;
        let length = decoder.read_u16()?.unverified().into();
        let data = decoder.read_slice(length)?.unverified();
        // The others are aliases that led here, and their signatures.
        if r#type == RecordType::CAA {
            let Some(record) = CaaRecord::read(data) else { return Ok(None) };
            records.push(record);
        }
    }
    Ok(Some(records))
}
