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
        let (directory, resource) = context.urls().parse(uri.path())?;
        Some(Self { directory, resource, query: uri.query().map(str::to_owned) })
    }

    /// The directory that the path is below, also when the rest of it names nothing.
    pub(crate) fn directory(context: &Context, uri: &Uri) -> Option<DirectoryId> {
        context.urls().directory_in(uri.path())
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

/// The largest request body, in octets; larger ones are answered 413.
pub const MAX_BODY_LEN: usize = jose::MAX_JWS_LEN;
