//! The repository keeps its own rules.

#[test]
fn every_rule_of_the_repository_holds() {
    xtask::tidy::run().unwrap();
}
