//! The flattened JSON serialization (RFC 7515 §7.2.2) and its protected header.

use serde_json::value::RawValue;

use super::MalformedJws;
use crate::{base64url, members::Members};

/// The three members, decoded.
pub(crate) struct FlattenedJws {
    /// JSON text of the protected header.
    pub(crate) protected: String,
    /// What was signed: `protected` and `payload` as they were sent, joined by a dot (RFC 7515
    /// §5.2).
    pub(crate) signing_input: Vec<u8>,
    pub(crate) payload: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

impl FlattenedJws {
    /// Any other member is refused: `signatures` could have a second signer, `header` has
    /// unprotected parameters.
    pub(crate) fn parse(json: &str) -> Result<Self, MalformedJws> {
        let members = Members::<&RawValue>::parse(json).map_err(MalformedJws::in_object)?;
        if members.names().any(|name| !MEMBERS.contains(&name)) {
            return Err(MalformedJws::UnknownMember);
        }
        let [protected, payload, signature] = MEMBERS.map(|name| member(&members, name));
        let (protected, payload, signature) = (protected?, payload?, signature?);
        let signing_input = [protected.as_bytes(), b".", payload.as_bytes()].concat();
        let [protected, payload, signature] =
            [(protected, "protected"), (payload, "payload"), (signature, "signature")]
                .map(|(text, name)| octets(&text, name));
        let protected = String::from_utf8(protected?).map_err(|_| MalformedJws::HeaderNotAnObject)?;
        Ok(Self { protected, signing_input, payload: payload?, signature: signature? })
    }
}

/// The protected header. Parameters that would change the meaning of the signature are refused.
pub(crate) struct ProtectedHeader<'a>(Members<'a, &'a RawValue>);

impl<'a> ProtectedHeader<'a> {
    /// No extension is supported, so `crit` can only name one that must be refused (RFC 7515
    /// §4.1.11); `b64` changes the signing input, and has no effect without `crit` (RFC 7797 §6).
    pub(crate) fn parse(json: &'a str) -> Result<Self, MalformedJws> {
        let header = Self(Members::parse(json).map_err(MalformedJws::in_header)?);
        header.forbid("crit")?;
        header.forbid("b64")?;
        Ok(header)
    }

    pub(crate) fn forbid(&self, name: &'static str) -> Result<(), MalformedJws> {
        self.find(name).map_or(Ok(()), |_| Err(MalformedJws::ForbiddenParameter(name)))
    }

    pub(crate) fn find(&self, name: &str) -> Option<&'a RawValue> {
        self.0.find(name).copied()
    }

    /// A required parameter whose value is a string.
    pub(crate) fn string(&self, name: &'static str) -> Result<String, MalformedJws> {
        let value = self.find(name).ok_or(MalformedJws::MissingParameter(name))?;
        serde_json::from_str(value.get()).map_err(|_| MalformedJws::MalformedParameter(name))
    }
}

fn member(members: &Members<'_, &RawValue>, name: &'static str) -> Result<String, MalformedJws> {
    let value = members.find(name).ok_or(MalformedJws::MissingMember(name))?;
    serde_json::from_str(value.get()).map_err(|_| MalformedJws::MalformedMember(name))
}

fn octets(text: &str, name: &'static str) -> Result<Vec<u8>, MalformedJws> {
    base64url::decode(text).map_err(|_| MalformedJws::MalformedMember(name))
}

const MEMBERS: [&str; 3] = ["protected", "payload", "signature"];
