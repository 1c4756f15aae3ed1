//! Environment variables, through which the template configures a function.
//!
//! | variable | of | what |
//! |---|---|---|
//! | `TABLE_NAME` | all | the table |
//! | `RETENTION_DAYS` | all | how long certificates are kept after they ended; 365 |
//! | `STATUS_URL` | all | base of the URLs inside certificates, `http://`; empty: none |
//! | `PUBLIC_BASE_URL` | HTTP | base of all ACME URLs; empty: the domain of the API, with `/api` |
//! | `VALIDATE_QUEUE_URL`, `ISSUE_QUEUE_URL`, `PUBLISH_CRL_QUEUE_URL` | who hands such work over | the queue |
//! | `STATUS_BUCKET` | who publishes | the bucket behind `STATUS_URL` |
//! | `EVENT_BUS_NAME` | `forward-events` | the event bus |
//! | `EXPIRING_DAYS` | `publish-crl` | the number of days before the end of a certificate at which the event for its expiry is emitted; 14 |
//! | `ACME_BASE_URL` | `enrol` | base of all ACME URLs, never empty: its own URL is another one |
//! | `ENROLMENT_URL` | `canary` | the URL of `enrol` |
//! | `CEREMONY_FUNCTION` | `admin` | the ARN of the function that performs what the root signs |
//! | `KEY_BLOCK_LIST` | `new-account`, `key-change`, `finalize`, `admin` | the file of keys that may not be used; empty: none |
//! | `PERSPECTIVES` | `validate`, `admin` | the ARNs of the functions of remote perspectives, separated by commas; empty: none |
//! | `OPEN` | `admin`, `ceremony` | whether profiles may let anyone register: `true` or `false`; `false` |
//! | `LOG_LEVEL` | all | `error`, `warn`, `info`, `debug` or `trace`; `info` |
//!
//! An empty variable counts as absent, because a template cannot omit a variable.

use std::{collections::BTreeMap, str::FromStr};

use acme::{UrlBase, UrlScheme};

/// The variables of a process.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The variables of this process.
    pub fn of_process() -> Self {
        let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
        std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect()
    }

    /// A variable that may be absent.
    pub fn optional(&self, variable: &str) -> Option<&str> {
        self.0.get(variable).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// A required variable.
    ///
    /// # Errors
    /// The variable is absent or empty; `allowed` describes its value in the error.
    pub fn required(&self, variable: &'static str, allowed: &'static str) -> Result<&str, EnvironmentError> {
        self.optional(variable).ok_or(EnvironmentError::Missing { variable, allowed })
    }

    /// A variable that is parsed; `None` when it is absent.
    ///
    /// # Errors
    /// The value cannot be parsed; `allowed` describes valid values in the error.
    pub fn parsed<T: FromStr>(
        &self,
        variable: &'static str,
        allowed: &'static str,
    ) -> Result<Option<T>, EnvironmentError> {
        let invalid = |value: &str| EnvironmentError::Invalid { variable, value: value.to_owned(), allowed };
        self.optional(variable).map(|value| value.parse().map_err(|_| invalid(value))).transpose()
    }

    /// A variable that is the base of URLs, normalized; `None` when it is absent.
    ///
    /// # Errors
    /// The value is no base with that scheme.
    pub(crate) fn base_url(
        &self,
        variable: &'static str,
        scheme: UrlScheme,
        allowed: &'static str,
    ) -> Result<Option<String>, EnvironmentError> {
        let Some(value) = self.optional(variable) else { return Ok(None) };
        let invalid = |_| EnvironmentError::Invalid { variable, value: value.to_owned(), allowed };
        Ok(Some(UrlBase::parse(value, scheme).map_err(invalid)?.to_string()))
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// Why an environment variable cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentError {
    /// The variable is absent or empty.
    #[error("the environment variable {variable} is missing; it should be {allowed}")]
    Missing {
        /// The name of the variable.
        variable: &'static str,
        /// A description of valid values.
        allowed: &'static str,
    },
    /// The value is invalid.
    #[error("the environment variable {variable} is \"{value}\"; it should be {allowed}")]
    Invalid {
        /// The name of the variable.
        variable: &'static str,
        /// The present value.
        value: String,
        /// A description of valid values.
        allowed: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn environment(value: &str) -> Environment {
        [("VARIABLE", value)].into_iter().collect()
    }

    #[test]
    fn an_empty_variable_is_an_absent_one() {
        for environment in [Environment::default(), environment(""), environment(" ")] {
            assert_eq!(environment.optional("VARIABLE"), None);
            assert_eq!(environment.parsed::<u32>("VARIABLE", "a number"), Ok(None));
            assert_eq!(environment.base_url("VARIABLE", UrlScheme::Https, "a URL"), Ok(None));
            let missing = environment.required("VARIABLE", "the name of a table").unwrap_err();
            assert_eq!(
                missing.to_string(),
                "the environment variable VARIABLE is missing; it should be the name of a table"
            );
        }
    }

    #[test]
    fn a_refusal_says_which_variable_and_what_is_allowed() {
        let error = environment("soon").parsed::<u32>("VARIABLE", "a number of days").unwrap_err();
        assert_eq!(error.to_string(), "the environment variable VARIABLE is \"soon\"; it should be a number of days");
        assert!(environment("127.0.0.1").parsed::<SocketAddr>("VARIABLE", "an address with a port").is_err());
    }

    #[test]
    fn a_base_url_keeps_to_its_scheme_and_is_normalized() {
        let url = |value: &str| environment(value).base_url("VARIABLE", UrlScheme::Https, "a URL");
        for value in ["https://ca.example/api", "https://ca.example/api/", "https://CA.example:443/api"] {
            assert_eq!(url(value), Ok(Some("https://ca.example/api".to_owned())));
        }
        for value in ["http://ca.example", "https://", "https:///api", "ca.example", "https://a b", "https://a?b"] {
            assert!(url(value).is_err(), "{value}");
        }
    }
}
