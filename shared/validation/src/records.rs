//! What is taken from an answer of a DNS server.

use hickory_resolver::proto::{
    op::ResponseCode,
    rr::{RData, Record, RecordType},
};

/// The data of the records of that type, which may be fewer than were asked for: a resolver sends
/// what it likes.
pub(crate) fn of_type(records: &[Record], r#type: RecordType) -> Vec<RData> {
    records.iter().map(|record| &record.data).filter(|data| data.record_type() == r#type).cloned().collect()
}

/// The texts of TXT records, each with its strings joined.
pub(crate) fn joined(records: Vec<RData>) -> Vec<Vec<u8>> {
    let texts = records.into_iter().map(|data| match data {
        RData::TXT(txt) => Some(txt.txt_data.concat()),
        _ => None,
    });
    texts.flatten().collect()
}

/// The code as `dig` prints it.
pub(crate) fn mnemonic(code: ResponseCode) -> String {
    match code {
        ResponseCode::FormErr => "FORMERR".to_owned(),
        ResponseCode::ServFail => "SERVFAIL".to_owned(),
        ResponseCode::NotImp => "NOTIMP".to_owned(),
        ResponseCode::Refused => "REFUSED".to_owned(),
        other => format!("{other:?}").to_uppercase(),
    }
}
