//! An error with its causes, for a log or a person who sees nothing else of it.

use std::{error::Error, iter};

/// The message of the error, followed by those of its causes. A cause whose message is already part
/// of the text is left out, because an error may quote its cause.
pub fn failure_chain(error: &dyn Error) -> String {
    let causes = iter::successors(error.source(), |cause| (*cause).source());
    causes.fold(error.to_string(), |text, cause| {
        let cause = cause.to_string();
        if text.contains(&cause) { text } else { format!("{text}: {cause}") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the disk is full")]
    struct Cause;

    #[derive(Debug, thiserror::Error)]
    enum Failure {
        #[error("not written")]
        Silent(#[source] Cause),
        #[error("not written: {0}")]
        Quoting(#[source] Cause),
        #[error("stopped")]
        Deep(#[source] Box<Failure>),
    }

    #[test]
    fn every_cause_is_said_once() {
        assert_eq!(failure_chain(&Failure::Silent(Cause)), "not written: the disk is full");
        assert_eq!(failure_chain(&Failure::Quoting(Cause)), "not written: the disk is full");
        let deep = Failure::Deep(Box::new(Failure::Quoting(Cause)));
        assert_eq!(failure_chain(&deep), "stopped: not written: the disk is full");
    }
}
