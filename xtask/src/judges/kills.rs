//! A thousand kills of a process that writes into the embedded store.

use super::{Outcome, longer_test::LongerTest};
use crate::{Error, setup::Tools};

pub(super) fn run(tools: &Tools) -> Result<Outcome, Error> {
    let test = LongerTest {
        package: "store",
        program: "embedded_kill",
        test: "kills_at_any_moment",
        variable: ("KILLS", "1000"),
        says: " kills, ",
    };
    test.run(tools)
}
