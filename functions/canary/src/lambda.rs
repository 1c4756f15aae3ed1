//! The canary on Lambda, and what it is constructed from. The statements of its role in the
//! template match this.

use std::{error::Error, sync::Arc};

use acme::{UrlBase, UrlScheme};
use async_trait::async_trait;
use aws::{Asked, Clients, EnvironmentError, FunctionUrl, Invocation, StartError};
use jose::base64url;
use serde::Deserialize;

use crate::{Canary, Key, Keys};

/// Constructs the function.
///
/// # Errors
/// An environment variable is missing or invalid.
pub fn open(clients: &Clients) -> Result<Invocation, StartError> {
    let sing = aws::work_by(canary(clients)?, |canary, _: Asked| {
        Box::pin(async move { Ok(serde_json::to_value(canary.sing().await?)?) })
    });
    Ok(Invocation::new(sing))
}

/// Constructs the canary.
///
/// # Errors
/// An environment variable is missing or invalid.
pub fn canary(clients: &Clients) -> Result<Canary, StartError> {
    Ok(Canary {
        keys: Arc::new(Enrolment(clients.enrolment_url()?)),
        answers: clients.publisher()?,
        name: host(clients.environment().required(STATUS_URL, ALLOWED)?)?,
        trusted: None,
    })
}

/// The host of the status URL.
fn host(status_url: &str) -> Result<String, EnvironmentError> {
    let invalid =
        |_| EnvironmentError::Invalid { variable: STATUS_URL, value: status_url.to_owned(), allowed: ALLOWED };
    Ok(UrlBase::parse(status_url, UrlScheme::Http).map_err(invalid)?.host().to_string())
}

/// The function `enrol`, which mints a key for the role of this function.
struct Enrolment(FunctionUrl);

#[async_trait]
impl Keys for Enrolment {
    async fn mint(&self) -> Result<Key, Box<dyn Error + Send + Sync>> {
        let minted: Minted = serde_json::from_slice(&self.0.post().await?)?;
        Ok(Key { kid: minted.kid, mac_key: base64url::decode(&minted.hmac_key)?, directory: minted.directory })
    }
}

/// The answer of the function `enrol`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Minted {
    kid: String,
    hmac_key: String,
    directory: String,
}

const STATUS_URL: &str = "STATUS_URL";
const ALLOWED: &str = "an http:// URL";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_host_of_the_status_url() {
        assert_eq!(host("http://status.example.com/pki").unwrap(), "status.example.com");
        assert_eq!(host("http://[2001:DB8::1]:8080").unwrap(), "2001:db8::1");
        for unfit in ["https://status.example.com", "status.example.com"] {
            assert!(host(unfit).is_err(), "{unfit}");
        }
    }
}
