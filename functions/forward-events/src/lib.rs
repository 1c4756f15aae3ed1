//! Finds the events among the lines that a subscription of CloudWatch Logs delivers.
//!
//! A delivery is JSON in gzip in base64 in JSON. The subscription's filter takes lines with the
//! member `event`; such a line contains the whole document of the event, which is forwarded
//! unchanged.

use std::io::Read;

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::GzDecoder;
use jiff::Timestamp;
use serde::Deserialize;

/// An event to forward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The time of the event.
    pub time: Timestamp,
    /// The type of the event.
    pub r#type: String,
    /// The whole document as JSON.
    pub text: String,
}

impl Document {
    /// The time, the type and the document.
    pub fn into_parts(self) -> (Timestamp, String, String) {
        (self.time, self.r#type, self.text)
    }
}

/// The events of a delivery, in their order. A line that only looks like an event is logged and
/// skipped.
///
/// # Errors
/// The delivery cannot be decoded.
pub fn documents(delivery: &str) -> Result<Vec<Document>, DeliveryError> {
    let Delivery { awslogs } = serde_json::from_str(delivery).map_err(DeliveryError::Json)?;
    let compressed = STANDARD.decode(awslogs.data).map_err(|_| DeliveryError::Base64)?;
    let mut json = Vec::new();
    GzDecoder::new(compressed.as_slice()).take(LONGEST + 1).read_to_end(&mut json).map_err(DeliveryError::Gzip)?;
    if json.len() as u64 > LONGEST {
        return Err(DeliveryError::TooLong);
    }
    let Data { message_type, log_events } = serde_json::from_slice(&json).map_err(DeliveryError::Json)?;
    // CloudWatch checks whether the function exists.
    if message_type != "DATA_MESSAGE" {
        return Ok(Vec::new());
    }
    Ok(log_events.into_iter().filter_map(document).collect())
}

fn document(line: LogEvent) -> Option<Document> {
    let read = || {
        let Line { event, document } = serde_json::from_str(&line.message).ok()?;
        let Envelope { time, r#type } = serde_json::from_str(&document).ok()?;
        (event == r#type).then_some(Document { time, r#type, text: document })
    };
    let document = read();
    if document.is_none() {
        // Its text is not logged, because a log line of this function that looks like an event
        // would be delivered to it again.
        tracing::warn!(line = line.id, "a line of the log is not an event");
    }
    document
}

/// The payload with which CloudWatch Logs invokes the function.
#[derive(Deserialize)]
struct Delivery {
    awslogs: AwsLogs,
}

#[derive(Deserialize)]
struct AwsLogs {
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    message_type: String,
    log_events: Vec<LogEvent>,
}

#[derive(Deserialize)]
struct LogEvent {
    id: String,
    message: String,
}

/// The used members of a line.
#[derive(Deserialize)]
struct Line {
    event: String,
    document: String,
}

/// The used members of an event; the rest may come from a newer version than this function.
#[derive(Deserialize)]
struct Envelope {
    time: Timestamp,
    r#type: String,
}

/// Why a delivery cannot be decoded.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The payload or its data is not the JSON of a subscription.
    #[error("not a delivery of a log subscription")]
    Json(#[source] serde_json::Error),
    /// The data is not base64.
    #[error("the data of the delivery is not base64")]
    Base64,
    /// The data is not gzip.
    #[error("the data of the delivery cannot be decompressed")]
    Gzip(#[source] std::io::Error),
    /// The data is larger than CloudWatch delivers.
    #[error("the data of the delivery is larger than {LONGEST} octets")]
    TooLong,
}

/// CloudWatch delivers at most one mebibyte, compressed; log lines are compressed to about a tenth.
const LONGEST: u64 = 32 << 20;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use serde_json::{Value, json};

    use super::*;

    fn packed(octets: &[u8]) -> String {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(octets).unwrap();
        json!({ "awslogs": { "data": STANDARD.encode(gzip.finish().unwrap()) } }).to_string()
    }

    fn delivery(r#type: &str, lines: &[Value]) -> String {
        let log_events: Vec<_> = lines
            .iter()
            .enumerate()
            .map(|(id, line)| json!({ "id": id.to_string(), "timestamp": 0, "message": line.to_string() }))
            .collect();
        packed(json!({ "messageType": r#type, "logGroup": "acme", "logEvents": log_events }).to_string().as_bytes())
    }

    fn line(event: &str, document: &Value) -> Value {
        json!({ "level": "INFO", "message": "something", "event": event, "document": document.to_string() })
    }

    #[test]
    fn documents_come_out_unchanged_and_in_order() {
        let document = |r#type: &str| json!({ "type": r#type, "time": "2026-01-01T00:00:00Z", "new": [1, 2] });
        let lines = [line("test", &document("test")), line("of.tomorrow", &document("of.tomorrow"))];
        let found = documents(&delivery("DATA_MESSAGE", &lines)).unwrap();
        let types: Vec<_> = found.iter().map(|document| document.r#type.as_str()).collect();
        assert_eq!(types, ["test", "of.tomorrow"]);
        assert_eq!(found[0].text, document("test").to_string());
        assert_eq!(found[0].time, "2026-01-01T00:00:00Z".parse().unwrap());
    }

    #[test]
    fn lines_that_are_no_events_are_passed_over() {
        let good = json!({ "type": "test", "time": "2026-01-01T00:00:00Z" });
        let lines = [
            json!({ "event": "test" }),
            json!({ "event": 1, "document": good.to_string() }),
            json!({ "event": "test", "document": "{" }),
            json!("test"),
            line("other", &good),
            line("test", &json!({ "type": "test", "time": "now" })),
            line("test", &good),
        ];
        assert_eq!(documents(&delivery("DATA_MESSAGE", &lines)).unwrap().len(), 1);
    }

    #[test]
    fn the_question_whether_anyone_is_there_holds_no_events() {
        assert_eq!(documents(&delivery("CONTROL_MESSAGE", &[json!("CWL CONTROL MESSAGE")])).unwrap(), []);
    }

    #[test]
    fn what_is_no_delivery_is_refused_and_a_bomb_is_not_unpacked() {
        for text in ["", "{}", r#"{"awslogs":{}}"#] {
            assert!(matches!(documents(text), Err(DeliveryError::Json(_))), "{text}");
        }
        assert!(matches!(documents(r#"{"awslogs":{"data":"?"}}"#), Err(DeliveryError::Base64)));
        assert!(matches!(documents(r#"{"awslogs":{"data":"YQ=="}}"#), Err(DeliveryError::Gzip(_))));
        assert!(matches!(documents(&packed(b"[]")), Err(DeliveryError::Json(_))));
        let bomb = vec![b' '; LONGEST as usize + 1];
        assert!(matches!(documents(&packed(&bomb)), Err(DeliveryError::TooLong)));
    }
}
