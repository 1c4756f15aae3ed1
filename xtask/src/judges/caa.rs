//! Ten thousand decisions about CAA records, beside those of another implementation.

use super::{Outcome, longer_test::LongerTest};
use crate::{Error, setup::Tools};

pub(super) fn run(tools: &Tools) -> Result<Outcome, Error> {
    let test = LongerTest {
        package: "tests",
        program: "validation",
        test: "caa_opinion",
        variable: ("CAA_QUESTIONS", "10000"),
        says: " decisions about CAA records, ",
    };
    test.run(tools)
}
