//! An error with its causes, for a person who sees nothing else of it.

use std::{error::Error, iter};

/// The error's words and those of its causes, unless they were said already: an error may repeat its cause.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = iter::successors(error.source(), |cause| (*cause).source());
    causes.fold(error.to_string(), |text, cause| {
        let cause = cause.to_string();
        if text.contains(&cause) { text } else { format!("{text}: {cause}") }
    })
}
