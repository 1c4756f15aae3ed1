//! The fuzz targets, each for a hundred million executions, or an hour where it does cryptography.

use super::Outcome;
use crate::{
    Error,
    fuzz::{self, Effort, Ran},
    setup::Tools,
};

pub(super) fn run(_: &Tools) -> Result<Outcome, Error> {
    let Ran { targets, executions, unsettled } = fuzz::run(&[], Effort::Thorough, false)?;
    let mut faults = Vec::new();
    if targets == 0 {
        faults.push("this machine cannot build the targets".to_owned());
    }
    let figures = format!(
        "{targets} targets, {executions} executions; {unsettled} of them still reached something new in the last tenth"
    );
    Ok(Outcome { figures, faults })
}
