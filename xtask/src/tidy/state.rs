//! State changes in one place: no crate but the authority's names a method of the store that
//! writes.
//!
//! The writing methods are all methods of the store's traits that do not stand in `READS`, so a
//! new one counts as one of them until it is listed. The authority has verbs of the same names
//! (`apply_profiles`), and those are everybody's; so a file that has a store in its hands may name
//! none of them, and another file only one that is a verb of the authority. The engine's own upkeep
//! (opening, closing, flushing, expiry) is no method of a trait and no change of state: a host
//! calls it.

use std::collections::{BTreeMap, BTreeSet};

use super::Violation;

/// What the sources say: methods of the store, verbs of the authority, and the files to be looked
/// at.
#[derive(Debug, Default)]
pub struct State {
    /// The methods of the store's traits, with the place of each.
    methods: BTreeMap<String, String>,
    traits: BTreeSet<String>,
    verbs: BTreeSet<String>,
    others: Vec<(String, String)>,
}

impl State {
    /// Takes a source file; `name` is its path below the top folder.
    pub fn take(&mut self, name: &str, text: &str) {
        let is_below = |folders: &[&str]| folders.iter().any(|folder| name.starts_with(folder));
        if is_below(&TESTS) || TEST_FOLDERS.iter().any(|folder| name.contains(folder)) {
            return;
        }
        if is_below(&["shared/store/src/"]) {
            if !is_below(&ENGINE) {
                self.take_traits(name, text);
            }
        } else if is_below(&AUTHORITY) {
            self.verbs
                .extend(text.lines().filter_map(|line| function(line.strip_prefix("    pub ")?)).map(str::to_owned));
        } else if !is_below(&ENGINE) {
            let shipped = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
            self.others.push((name.to_owned(), shipped.to_owned()));
        }
    }

    fn take_traits(&mut self, name: &str, text: &str) {
        let mut is_trait = false;
        for (line, number) in text.lines().zip(1..) {
            if let Some(rest) = line.strip_prefix("pub trait ") {
                is_trait = true;
                self.traits.extend(words(rest).next().map(str::to_owned));
            } else if line.starts_with('}') {
                is_trait = false;
            } else if is_trait && let Some(method) = line.strip_prefix("    ").and_then(function) {
                self.methods.insert(method.to_owned(), format!("{name}:{number}"));
            }
        }
    }

    /// What breaks the rule.
    pub fn check(&self) -> Vec<Violation> {
        let unknown = READS.iter().filter(|read| !self.methods.contains_key(**read)).map(|read| Violation {
            place: "xtask/src/tidy/state.rs".to_owned(),
            rule: format!("`{read}` is no method of the store's traits any more"),
        });
        let mut violations: Vec<Violation> = unknown.collect();
        for (name, text) in &self.others {
            let has_store = words(text).any(|word| self.traits.contains(word) || ENGINES.contains(&word));
            for (line, number) in text.lines().zip(1..) {
                violations.extend(calls(line).filter_map(|(receiver, method)| {
                    let writes = self.methods.contains_key(method) && !READS.contains(&method);
                    let is_known = self.verbs.contains(method) || method == EVERYDAY;
                    let is_verb = is_known && !has_store && receiver != "store";
                    (writes && !is_verb).then(|| Violation {
                        place: format!("{name}:{number}"),
                        rule: format!("`{method}` writes to the store: only the authority changes state"),
                    })
                }));
            }
        }
        violations
    }
}

/// The name of the function that the line declares.
fn function(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")?;
    words(rest).next()
}

/// The methods that the line calls or names, each with the word before it.
fn calls(line: &str) -> impl Iterator<Item = (&str, &str)> {
    let code = line.split("//").next().unwrap_or_default();
    let ends = code.match_indices(['.', ':']).map(|(at, _)| at);
    ends.filter_map(move |at| {
        let (before, after) = (code.get(..at)?, code.get(at + 1..)?);
        let method = words(after.get(..after.find(|c: char| !is_word(c)).unwrap_or(after.len()))?).next()?;
        let receiver = before.trim_end_matches(':').trim_end_matches("()");
        Some((words(receiver).last().unwrap_or_default(), method))
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c| !is_word(c)).filter(|word| !word.is_empty())
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The crates that change state.
const AUTHORITY: [&str; 4] = ["shared/authority/", "shared/issuing/", "shared/operator/", "shared/ra/"];

/// The crates that keep it.
const ENGINE: [&str; 4] =
    ["shared/aws/", "shared/store/src/contract", "shared/store/src/embedded", "shared/store/src/schema"];

/// What a file names that has a store in its hands, beside the traits.
const ENGINES: [&str; 2] = ["DynamoDbStore", "EmbeddedStore"];

/// What is never shipped.
const TESTS: [&str; 3] = ["fuzz/", "tests/", "xtask/"];
const TEST_FOLDERS: [&str; 2] = ["/benches/", "/tests/"];

/// The methods that only read.
const READS: [&str; 38] = [
    "account",
    "account_by_key",
    "accounts_by_contact",
    "accounts_by_former_key",
    "accounts_by_key",
    "acme_profile",
    "acme_profiles_page",
    "applied_configuration",
    "audit",
    "authorization",
    "authorizations",
    "blocked_keys",
    "certificate",
    "certificates",
    "certificates_by_key",
    "certificates_by_name",
    "certificates_ending",
    "certificates_of_account",
    "counted",
    "crl",
    "expiry_watch",
    "external_account_key",
    "external_account_keys",
    "external_account_secret",
    "grants",
    "incidents",
    "is_key_blocked",
    "issuer",
    "issuers",
    "nonce_secrets",
    "order",
    "orders",
    "profiles",
    "proofs",
    "ra_profile",
    "ra_profiles_page",
    "revoked_certificates",
    "unbound_accounts",
];

/// A writing method that is named like one of every iterator; where no store is in reach, it is
/// that one.
const EVERYDAY: &str = "count";

#[cfg(test)]
mod tests {
    use super::*;

    const TRAIT: &str = "pub trait ProfileStore {\n    /// Doc.\n    async fn profiles(&self);\n    async fn put_profile(\n        &self);\n    async fn apply_profiles(&self);\n}\nfn free() {}\n";

    fn found(name: &str, text: &str) -> usize {
        let mut state = State::default();
        state.take("shared/store/src/profile.rs", TRAIT);
        state
            .take("shared/operator/src/profile.rs", "impl Authority {\n    pub async fn apply_profiles(&self) {}\n}\n");
        state.take(name, text);
        state.check().into_iter().filter(|violation| violation.rule.contains("only the authority")).count()
    }

    #[test]
    fn n15_a_crate_that_writes_to_the_store_is_found() {
        for text in [
            "self.store.put_profile(&profile)",
            "host.store().apply_profiles(&changes)",
            "store::ProfileStore::put_profile(&*store, &profile)",
            "let put = EmbeddedStore::put_profile;",
            "use store::ProfileStore;\nlet it = host.memory();\nit.apply_profiles(&changes)",
            "    .put_profile(&profile)",
        ] {
            assert_eq!(found("local/src/host.rs", text), 1, "{text}");
            assert_eq!(found("functions/bootstrap/src/lib.rs", text), 1, "{text}");
            for allowed in ["shared/ra/src/a.rs", "shared/aws/src/a.rs", "tests/src/a.rs", "local/tests/binary/a.rs"] {
                assert_eq!(found(allowed, text), 0, "{allowed}: {text}");
            }
        }
    }

    #[test]
    fn verbs_of_the_authority_and_words_are_everybodys() {
        for text in [
            "authority.apply_profiles(actor, &wanted)",
            "// the store's put_profile is not ours",
            "fn put_profile() {}",
            "#[cfg(test)]\nmod tests {\n    store.put_profile(&profile)\n}",
        ] {
            assert_eq!(found("local/src/host.rs", text), 0, "{text}");
        }
    }
}
