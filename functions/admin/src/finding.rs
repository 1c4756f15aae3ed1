//! What an examination of evidence finds.

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether it is as it has to be.
    pub holds: bool,
    /// What was found.
    pub says: String,
}

/// Whether everything is as it has to be.
pub fn is_sound(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.holds)
}

pub(crate) fn finding(holds: bool, says: impl Into<String>) -> Finding {
    Finding { holds, says: says.into() }
}
