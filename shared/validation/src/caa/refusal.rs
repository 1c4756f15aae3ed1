//! What a client learns when CAA records permit no certificate.

/// The records of a domain do not permit the certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: they {reason}. {}{}", self.first(), self.remedy(), self.reporting())]
pub(crate) struct CaaRefusal {
    /// The name that would be certified.
    pub(super) name: String,
    /// The domain whose records decided.
    pub(super) domain: String,
    /// The tag and the value of a record that would permit it.
    pub(super) wanted: String,
    /// Where the owner of the domain wants to hear of requests that were refused (RFC 8659 §4.4).
    pub(super) reports: Option<String>,
    /// What the records say instead.
    pub(super) reason: CaaReason,
}

/// Why records permit no certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CaaReason {
    /// A critical property that this CA does not know (RFC 8659 §4.5).
    #[error("have a critical property that is not known here, {0}")]
    Critical(String),
    /// No record of the property that decides names this CA for this account and method.
    #[error("do not name this CA for this account and this challenge type: {0}")]
    Other(String),
}

impl CaaRefusal {
    /// The same without what the records say.
    pub(crate) fn without_findings(&self) -> String {
        format!("{}. {}", self.first(), self.remedy())
    }

    fn first(&self) -> String {
        format!("The CAA records of {} do not permit a certificate for {}", self.domain, self.name)
    }

    fn remedy(&self) -> String {
        format!("If this CA should issue, add the record `{}. CAA 0 {}`.", self.domain, self.wanted)
    }

    fn reporting(&self) -> String {
        let reports = self.reports.as_ref();
        reports.map(|contact| format!(" The domain's owner receives reports at {contact}.")).unwrap_or_default()
    }
}
