//! Which crate may depend on which: the arrows of the design, checked with `cargo metadata`.
//!
//! ```text
//! functions/* ─> api ─> ra ─> issuing ─> authority ─┬─> acme ─> jose
//!                                                   ├─> store ─> ca, acme, jose
//!                                                   └─> ca ───> acme, jose
//! functions/{admin, bootstrap, publish-crl}, host ─> operator ─> ra
//! functions/ceremony ─> functions/admin
//! functions/{admin, validate, remote-perspective}, host ─> perspective ─> validation ─> acme
//! host ─> every function library but that of remote-perspective
//! serverless-acme (command line) ─> functions/admin, and behind features ─> host
//! functions/*/main.rs ─> aws ─> api, operator, ra, issuing, authority, store, ca
//! ```
//!
//! A crate may also use everything further along its arrows. Development dependencies are checked
//! like the others, so that the tests of a crate do not need a crate above it. Only two exceptions
//! apply to them: a runtime, and, in the tests of `aws` and of the functions, the simulated AWS in
//! `tests/cloud`, which itself uses no other crate of the project.

use serde_json::Value;

use super::Violation;
use crate::Error;

/// Checks the output of `cargo metadata --no-deps`.
///
/// # Errors
///
/// The output is not JSON.
pub fn check(metadata: &str) -> Result<Vec<Violation>, Error> {
    let metadata: Value = serde_json::from_str(metadata)?;
    let packages: Vec<_> = list(&metadata, "packages").map(Package::read).collect();
    let mut violations = Vec::new();
    for package in &packages {
        // A package may name itself, to enable its own features in its tests.
        for dependency in package.dependencies.iter().filter(|dependency| dependency.name != package.name) {
            let ours = packages.iter().find(|other| other.name == dependency.name);
            let allowed = match ours {
                Some(other) if dependency.development && package.floor.may_test_with(other.floor) => true,
                Some(other) => package.floor.may_use(other.floor, dependency.optional),
                None => package.floor.may_link(dependency),
            };
            if !allowed {
                violations.push(Violation {
                    place: package.name.to_owned(),
                    rule: format!("must not depend on `{}`", dependency.name),
                });
            }
        }
    }
    Ok(violations)
}

/// The position of a package in the design.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Floor {
    Acme,
    Admin,
    Api,
    Authority,
    Aws,
    Ca,
    Ceremony,
    Cloud,
    CommandLine,
    Explorer,
    Function,
    Host,
    Issuing,
    Jose,
    Operator,
    Perspective,
    Ra,
    RemotePerspective,
    Store,
    Tests,
    Validate,
    Validation,
    Xtask,
}

impl Floor {
    /// Derived from the folder of the manifest, because the name of a function can be any word.
    fn of(manifest: &str) -> Option<Self> {
        let mut folders = manifest.rsplit('/').skip(1);
        let (folder, above) = (folders.next()?, folders.next()?);
        Some(match (above, folder) {
            ("shared", "acme") => Self::Acme,
            ("shared", "api") => Self::Api,
            ("shared", "authority") => Self::Authority,
            ("shared", "aws") => Self::Aws,
            ("shared", "ca") => Self::Ca,
            ("shared", "issuing") => Self::Issuing,
            ("shared", "jose") => Self::Jose,
            ("shared", "operator") => Self::Operator,
            ("shared", "perspective") => Self::Perspective,
            ("shared", "ra") => Self::Ra,
            ("shared", "store") => Self::Store,
            ("shared", "validation") => Self::Validation,
            ("functions", "admin") => Self::Admin,
            ("functions", "ceremony") => Self::Ceremony,
            ("functions", "remote-perspective") => Self::RemotePerspective,
            ("functions", "validate") => Self::Validate,
            ("functions", _) => Self::Function,
            ("tests", "cloud") => Self::Cloud,
            ("tests", "explorer") => Self::Explorer,
            ("local", "cli") => Self::CommandLine,
            ("local", "host") => Self::Host,
            (_, "tests") => Self::Tests,
            (_, "xtask") => Self::Xtask,
            _ => return None,
        })
    }

    fn may_use(self, other: Self, optional: bool) -> bool {
        use Floor::*;

        match self {
            Cloud | Jose | Xtask => false,
            Acme => other == Jose,
            Ca => matches!(other, Acme | Jose),
            // The stored profile describes the form of certificates with types of `ca`.
            Store => matches!(other, Acme | Ca | Jose),
            Validation => matches!(other, Acme | Jose),
            Perspective => matches!(other, Acme | Jose | Validation),
            Authority => matches!(other, Acme | Ca | Jose | Store),
            Issuing => matches!(other, Acme | Authority | Ca | Jose | Store),
            Ra => matches!(other, Acme | Authority | Ca | Issuing | Jose | Store),
            Operator => other == Ra || Ra.may_use(other, optional),
            Explorer => other == Operator || Operator.may_use(other, optional),
            Api => matches!(other, Acme | Authority | Ca | Issuing | Jose | Ra | Store),
            Aws => matches!(other, Acme | Api | Authority | Ca | Issuing | Jose | Operator | Ra | Store),
            // `aws` is behind a feature, so that `host` can link a function without the SDK.
            Function => {
                matches!(other, Acme | Api | Authority | Ca | Issuing | Jose | Operator | Ra | Store)
                    || (other == Aws && optional)
            }
            // What perspectives lack, and what the quorum of evidence is: it asks none itself.
            Admin => other == Perspective || Function.may_use(other, optional),
            // Its acts are some of those that operators know.
            Ceremony => other == Admin || Function.may_use(other, optional),
            RemotePerspective => matches!(other, Perspective | Validation) || (other == Aws && optional),
            Validate => matches!(other, Perspective | Validation) || Function.may_use(other, optional),
            Host => !matches!(other, Aws | Cloud | CommandLine | Explorer | Tests | Xtask),
            // An operator of a CA on AWS has the command line without the host and its engine.
            CommandLine => {
                matches!(other, Acme | Admin | Authority | Ca | Jose | Operator | Ra | Store)
                    || (other == Host && optional)
            }
            Tests => other != Xtask,
        }
    }

    /// What only the tests of a crate may use.
    fn may_test_with(self, other: Self) -> bool {
        use Floor::*;

        match self {
            Aws => other == Cloud,
            Admin | Ceremony | Function | RemotePerspective | Validate => matches!(other, Aws | Cloud),
            _ => false,
        }
    }

    /// Whether an external crate may be linked.
    fn may_link(self, dependency: &Dependency) -> bool {
        use Floor::*;

        let name = dependency.name.as_str();
        let has_no_host = !matches!(self, Aws | Cloud | Tests | Xtask);
        let is_sdk = (name.starts_with("aws-") && !name.starts_with("aws-lc-"))
            || name.starts_with("aws_lambda")
            || name.starts_with("lambda_");
        let pure = matches!(self, Acme | Ca | Jose);
        let knows_http = matches!(
            self,
            Admin | Api | Aws | Ceremony | Cloud | CommandLine | Function | Host | Tests | Validate | Validation
        );
        let is_always_linked = !dependency.optional && !dependency.development;
        let refused = (has_no_host && is_sdk)
            || (pure && NETWORK.contains(&name))
            || (!knows_http && HTTP.contains(&name))
            || (self == CommandLine && is_always_linked && HOST.contains(&name));
        !refused
    }
}

struct Package<'a> {
    name: &'a str,
    floor: Floor,
    dependencies: Vec<Dependency>,
}

struct Dependency {
    name: String,
    optional: bool,
    /// Whether only tests, examples and benchmarks use it.
    development: bool,
}

impl<'a> Package<'a> {
    fn read(package: &'a Value) -> Self {
        let name = text(package, "name");
        let pure = matches!(Floor::of(text(package, "manifest_path")), Some(Floor::Acme | Floor::Ca | Floor::Jose));
        Self {
            name,
            // A package in an unknown folder may use nothing until it has a position.
            floor: Floor::of(text(package, "manifest_path")).unwrap_or(Floor::Xtask),
            dependencies: list(package, "dependencies")
                // The tests of a pure crate may use a runtime: only what it ships has to be pure.
                .filter(|dependency| {
                    !(pure && text(dependency, "kind") == "dev" && text(dependency, "name") == "tokio")
                })
                .map(|dependency| Dependency {
                    name: text(dependency, "name").to_owned(),
                    optional: dependency.get("optional").and_then(Value::as_bool) == Some(true),
                    development: text(dependency, "kind") == "dev",
                })
                .collect(),
        }
    }
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// The elements of a member; none if it is no list.
pub(super) fn list<'a>(value: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.get(member).and_then(Value::as_array).into_iter().flatten()
}

/// What pure crates must not link: a runtime, or the network.
const NETWORK: [&str; 8] =
    ["hickory-resolver", "hyper", "hyper-util", "redb", "rustls", "socket2", "tokio", "tokio-rustls"];

/// What only the HTTP crates may link.
const HTTP: [&str; 3] = ["http", "http-body-util", "hyper"];

/// What the command line may link only behind its features: the engine, and what `demo` needs.
const HOST: [&str; 3] = ["instant-acme", "rcgen", "redb"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn violations(from: &str, to: serde_json::Value) -> usize {
        let metadata = json!({ "packages": [
            { "name": "it", "manifest_path": format!("/r/{from}/Cargo.toml"), "dependencies": [to] },
            { "name": "acme", "manifest_path": "/r/shared/acme/Cargo.toml", "dependencies": [] },
            { "name": "admin", "manifest_path": "/r/functions/admin/Cargo.toml", "dependencies": [] },
            { "name": "fallback", "manifest_path": "/r/functions/fallback/Cargo.toml", "dependencies": [] },
            { "name": "api", "manifest_path": "/r/shared/api/Cargo.toml", "dependencies": [] },
            { "name": "aws", "manifest_path": "/r/shared/aws/Cargo.toml", "dependencies": [] },
            { "name": "cloud", "manifest_path": "/r/tests/cloud/Cargo.toml", "dependencies": [] },
            { "name": "host", "manifest_path": "/r/local/host/Cargo.toml", "dependencies": [] },
        ]});
        check(&metadata.to_string()).unwrap().len()
    }

    #[test]
    fn an_arrow_against_the_design_is_found() {
        assert_eq!(violations("shared/ra", json!({ "name": "acme" })), 0);
        assert_eq!(violations("shared/ra", json!({ "name": "api" })), 1);
        assert_eq!(violations("functions/order", json!({ "name": "api" })), 0);
        assert_eq!(violations("local/host", json!({ "name": "aws" })), 1);
    }

    #[test]
    fn no_function_uses_another_but_that_of_ceremonies_the_acts_of_the_admin_function() {
        let admin = json!({ "name": "admin" });
        assert_eq!(violations("functions/ceremony", admin.clone()), 0);
        assert_eq!(violations("local/cli", admin.clone()), 0);
        assert_eq!(violations("functions/order", admin.clone()), 1);
        assert_eq!(violations("functions/admin", json!({ "name": "fallback" })), 1);
        assert_eq!(violations("functions/ceremony", json!({ "name": "fallback" })), 1);
    }

    #[test]
    fn a_function_may_have_aws_only_behind_a_feature() {
        assert_eq!(violations("functions/order", json!({ "name": "aws", "optional": true })), 0);
        assert_eq!(violations("functions/order", json!({ "name": "aws", "optional": false })), 1);
    }

    #[test]
    fn the_command_line_may_have_the_host_only_behind_a_feature_and_no_engine() {
        assert_eq!(violations("local/cli", json!({ "name": "host", "optional": true })), 0);
        assert_eq!(violations("local/cli", json!({ "name": "host", "optional": false })), 1);
        for engine in ["redb", "instant-acme", "rcgen"] {
            assert_eq!(violations("local/cli", json!({ "name": engine, "optional": true })), 0, "{engine}");
            assert_eq!(violations("local/cli", json!({ "name": engine, "optional": false })), 1, "{engine}");
            assert_eq!(violations("local/cli", json!({ "name": engine, "kind": "dev" })), 0, "{engine}");
        }
    }

    #[test]
    fn the_aws_in_the_process_is_for_tests_alone() {
        for (from, kind, expected) in [
            ("shared/aws", "dev", 0),
            ("shared/aws", "normal", 1),
            ("functions/order", "dev", 0),
            ("functions/order", "normal", 1),
            ("shared/ra", "dev", 1),
            ("local/host", "dev", 1),
            ("tests", "normal", 0),
        ] {
            assert_eq!(violations(from, json!({ "name": "cloud", "kind": kind })), expected, "{from}, {kind}");
        }
        assert_eq!(violations("tests/cloud", json!({ "name": "acme" })), 1);
    }

    #[test]
    fn pure_crates_have_no_runtime_and_no_network() {
        assert_eq!(violations("shared/jose", json!({ "name": "tokio" })), 1);
        assert_eq!(violations("shared/jose", json!({ "name": "tokio", "kind": "dev" })), 0);
        assert_eq!(violations("shared/jose", json!({ "name": "hyper", "kind": "dev" })), 1);
    }

    #[test]
    fn only_http_faces_know_http() {
        assert_eq!(violations("shared/ra", json!({ "name": "http" })), 1);
        assert_eq!(violations("shared/api", json!({ "name": "http" })), 0);
    }

    #[test]
    fn the_sdk_belongs_to_aws_and_the_crypto_library_to_everyone() {
        assert_eq!(violations("shared/store", json!({ "name": "aws-sdk-dynamodb" })), 1);
        assert_eq!(violations("shared/aws", json!({ "name": "aws-sdk-dynamodb" })), 0);
        assert_eq!(violations("shared/jose", json!({ "name": "aws-lc-rs" })), 0);
    }
}
