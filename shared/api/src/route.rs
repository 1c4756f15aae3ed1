//! From a request's path to what it names.

use acme::{DirectoryId, Resource};
use http::{Uri, uri::PathAndQuery};

use crate::{Context, Operation};

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The directory.
    pub directory: DirectoryId,
    /// What below it.
    pub resource: Resource,
    /// The raw query, without the question mark.
    pub query: Option<String>,
}

impl Route {
    /// Reads a request's path; `None` when it names nothing.
    pub fn parse(context: &Context, uri: &Uri) -> Option<Self> {
        let below_base = uri.path().strip_prefix(context.path_prefix())?.strip_prefix(ROOT)?;
        let (directory, resource) = Resource::parse(below_base)?;
        Some(Self { directory, resource, query: uri.query().map(str::to_owned) })
    }

    /// The operation.
    pub fn operation(&self) -> Operation {
        Operation::on(&self.resource)
    }
}

/// Path and query as they came, which is what the client signed.
pub(crate) fn raw_target(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", PathAndQuery::as_str)
}

/// The path of the protocol below the base.
const ROOT: &str = "/v1/protocols/acme";

/// The largest request body, in octets; larger ones are answered 413.
pub const MAX_BODY_LEN: usize = jose::MAX_JWS_LEN;
