//! Timestamps as they are in objects: RFC 3339, UTC, whole seconds.

use jiff::Timestamp;

/// Drops the fraction of a second, because a certificate cannot hold one.
pub fn whole_seconds(timestamp: Timestamp) -> Timestamp {
    Timestamp::from_second(timestamp.as_second()).unwrap_or(timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rfc_3339_form_is_read() {
        for text in [
            "2019-08-24T14:15:22Z",
            "2019-08-24t14:15:22z",
            "2019-08-24T14:15:22.000Z",
            "2019-08-24T14:15:22.123456789Z",
            "2019-08-24T16:15:22+02:00",
            "2019-08-24T14:15:22+00:00",
            "2019-08-24T14:15:22-00:00",
        ] {
            let read: Timestamp = text.parse().unwrap();
            assert_eq!(whole_seconds(read).to_string(), "2019-08-24T14:15:22Z", "{text}");
        }
    }
}
