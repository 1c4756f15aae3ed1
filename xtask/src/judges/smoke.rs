//! The smoke test of an account, in the emulator: the life of a stack from a deployment that fails
//! to the clean-up.

use super::Outcome;
use crate::{
    Error, setup,
    smoke::{self, Options},
    test,
};

pub(super) fn run(_: &setup::Tools) -> Result<Outcome, Error> {
    let tools = setup::run()?;
    let Some(bundle) = test::bundle(&tools)? else { return Err(Error::Missing(tools.without.join(", "))) };
    let options = Options { emulator: true, yes: true, ..Options::default() };
    let report = smoke::emulated(&options, &tools, &bundle)?;
    Ok(Outcome { figures: report.figures(), faults: report.faults() })
}
