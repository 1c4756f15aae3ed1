//! One TLS stack: the linked packages, according to `cargo tree`.
//!
//! Default features of the SDK would add an older version of TLS and a second cryptographic library
//! to every function.

use std::collections::BTreeSet;

use super::Violation;

/// Checks the lines of `cargo tree --prefix none --format {p}`; each has a package and its version.
pub fn check(tree: &str) -> Vec<Violation> {
    let linked: BTreeSet<(&str, &str)> = tree
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some((words.next()?, words.next()?))
        })
        .collect();
    let generations = |name: &str| linked.iter().filter(|(package, _)| *package == name).count();
    let violation = |name: &str, rule: &str| Violation { place: name.to_owned(), rule: rule.to_owned() };
    let twice = UNIQUE.iter().filter(|name| generations(name) > 1);
    let foreign = ABSENT.iter().filter(|name| generations(name) > 0);
    twice
        .map(|name| violation(name, "linked in two generations; there is one TLS stack"))
        .chain(foreign.map(|name| violation(name, "linked; rustls over aws-lc-rs is the one TLS stack")))
        .collect()
}

const UNIQUE: [&str; 4] = ["aws-lc-rs", "hyper", "hyper-rustls", "rustls"];
const ABSENT: [&str; 3] = ["native-tls", "openssl-sys", "ring"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_tls_stack_is_found() {
        let one = "order v0.1.0 (/r/functions/order)\nrustls v0.23.46\nrustls v0.23.46 (*)\n";
        assert_eq!(check(one), []);
        assert_eq!(check(&format!("{one}rustls v0.21.12\n")).len(), 1);
        assert_eq!(check(&format!("{one}ring v0.17.14\n")).len(), 1);
    }
}
