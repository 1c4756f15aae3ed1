//! Why a JWS is refused.

use crate::{Algorithm, KeyError, KeyKind, Printable, SignatureError, members::MembersError};

/// Why a JWS is refused. No message contains unescaped text of the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// It does not have the required form: RFC 8555 `malformed`.
    #[error(transparent)]
    Malformed(#[from] MalformedJws),
    /// The algorithm is not one of [`Algorithm::ALL`]; `none` and the MAC algorithms never are.
    /// Becomes `badSignatureAlgorithm` with the list.
    #[error("the JWS algorithm \"{algorithm}\" is not accepted")]
    UnsupportedAlgorithm {
        /// The name that was sent.
        algorithm: Printable,
    },
    /// The algorithm is accepted, but not with a key of this type: `badSignatureAlgorithm`.
    #[error("the JWS algorithm {algorithm} does not fit the key ({key}): use {}", key.algorithm())]
    AlgorithmMismatch {
        /// The `alg` header parameter.
        algorithm: Algorithm,
        /// The type of the key.
        key: KeyKind,
    },
    /// The embedded key is refused: `malformed` for [`KeyError::Malformed`], otherwise
    /// `badPublicKey`.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The signature does not verify with the key.
    #[error("the JWS signature is not valid")]
    BadSignature,
}

impl From<SignatureError> for JwsError {
    fn from(error: SignatureError) -> Self {
        match error {
            SignatureError::AlgorithmMismatch { algorithm, key } => Self::AlgorithmMismatch { algorithm, key },
            SignatureError::BadSignature => Self::BadSignature,
        }
    }
}

/// What is wrong with the form of a JWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedJws {
    /// It is larger than [`MAX_JWS_LEN`](crate::MAX_JWS_LEN).
    #[error("the JWS is larger than 64 KiB")]
    TooLarge,
    /// It is not a JSON object.
    #[error("the JWS is not a JSON object")]
    NotAnObject,
    /// The object has two members with the same name.
    #[error("the JWS has two members of the same name")]
    RepeatedMember,
    /// The object has a member that the flattened form with one protected header does not have:
    /// `header`, `signatures` or any other.
    #[error("the JWS has members other than \"protected\", \"payload\" and \"signature\"")]
    UnknownMember,
    /// A member is missing.
    #[error("the JWS has no \"{0}\"")]
    MissingMember(&'static str),
    /// A member is not a string of base64url without padding.
    #[error("the JWS member \"{0}\" is not base64url without padding")]
    MalformedMember(&'static str),
    /// The protected header is not a JSON object.
    #[error("the protected header is not a JSON object")]
    HeaderNotAnObject,
    /// The protected header has two parameters with the same name.
    #[error("the protected header has two parameters of the same name")]
    RepeatedParameter,
    /// A header parameter is missing.
    #[error("the protected header has no \"{0}\"")]
    MissingParameter(&'static str),
    /// A header parameter does not have its required form.
    #[error("the header parameter \"{0}\" is not in its required form")]
    MalformedParameter(&'static str),
    /// A header parameter is not allowed here.
    #[error("the header parameter \"{0}\" is not accepted here")]
    ForbiddenParameter(&'static str),
    /// The header has both `jwk` and `kid` (RFC 8555 §6.2).
    #[error("the protected header has both \"jwk\" and \"kid\"")]
    JwkAndKid,
    /// The header has neither `jwk` nor `kid` (RFC 8555 §6.2).
    #[error("the protected header has neither \"jwk\" nor \"kid\"")]
    NeitherJwkNorKid,
}

impl MalformedJws {
    pub(super) fn in_object(error: MembersError) -> Self {
        match error {
            MembersError::NotAnObject => Self::NotAnObject,
            MembersError::RepeatedMember => Self::RepeatedMember,
        }
    }

    pub(super) fn in_header(error: MembersError) -> Self {
        match error {
            MembersError::NotAnObject => Self::HeaderNotAnObject,
            MembersError::RepeatedMember => Self::RepeatedParameter,
        }
    }
}
