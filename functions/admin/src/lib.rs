//! What an operator asks and does. A request is JSON with an `action`; the answer is JSON.
//!
//! | action | members | what |
//! |---|---|---|
//! | `status` | – | issuers, CRLs, profiles, secrets, version |
//! | `profiles` | – | the profiles as they are stored |
//! | `mint-external-account-key` | `days` (1–3650, default 30) | a key with which one account can be bound; shown once |
//!
//! Who may ask is the host's affair. On AWS it is IAM: nothing of this is reachable through the API.

use jiff::{SignedDuration, Timestamp};
use jose::base64url;
use ra::{Authority, Error, MintedExternalAccountKey, Needs, Status};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What it uses beside the store.
pub const NEEDS: Needs = Needs::STORE;

/// Does what a request asks for.
///
/// # Errors
/// [`AdminError`].
pub async fn act(authority: &Authority, request: Value) -> Result<Value, AdminError> {
    let answer = match serde_json::from_value(request).map_err(AdminError::Request)? {
        Request::Status {} => {
            let status = authority.status().await?;
            serde_json::to_value(VersionedStatus { version: env!("CARGO_PKG_VERSION"), status })
        }
        Request::Profiles {} => serde_json::to_value(authority.profiles().await?),
        Request::MintExternalAccountKey { days } => {
            if !(1..=MOST_DAYS).contains(&days) {
                return Err(AdminError::Days);
            }
            let lifetime = SignedDuration::from_hours(i64::from(days) * 24);
            let MintedExternalAccountKey { id, mac_key, expires_at } =
                authority.mint_external_account_key(lifetime).await?;
            let key = base64url::encode(&mac_key);
            serde_json::to_value(ShownKey { key_identifier: id.to_string(), key, expires_at })
        }
    };
    answer.map_err(AdminError::Answer)
}

/// A request.
#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case", deny_unknown_fields)]
enum Request {
    Status {},
    Profiles {},
    MintExternalAccountKey {
        #[serde(default = "thirty")]
        days: u32,
    },
}

#[derive(Debug, Serialize)]
struct VersionedStatus {
    version: &'static str,
    #[serde(flatten)]
    status: Status,
}

/// What ACME clients are given: `--eab-kid` and `--eab-hmac-key` in many of them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownKey {
    key_identifier: String,
    key: String,
    expires_at: Timestamp,
}

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// It is no request.
    #[error(
        "{0}; a request is {{\"action\": \"status\"}}, {{\"action\": \"profiles\"}} or {{\"action\": \"mint-external-account-key\", \"days\": 30}}"
    )]
    Request(#[source] serde_json::Error),
    /// A key's life is out of bounds.
    #[error("days should be a whole number from 1 to {MOST_DAYS}")]
    Days,
    /// The answer cannot be written.
    #[error("the answer cannot be written")]
    Answer(#[source] serde_json::Error),
    /// What the authority says.
    #[error(transparent)]
    Authority(#[from] Error),
}

fn thirty() -> u32 {
    30
}

/// Ten years.
const MOST_DAYS: u32 = 3_650;
