//! From the path of a request to the resource that it names.

use acme::{DirectoryId, Resource};
use http::{Uri, uri::PathAndQuery};

use crate::{Context, Operation};

/// The target of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The directory that the path is below.
    pub directory: DirectoryId,
    /// The resource below the directory.
    pub resource: Resource,
    /// The raw query, without the question mark.
    pub query: Option<String>,
}

impl Route {
    /// Parses the path of a request; `None` when there is no such resource.
    pub fn parse(context: &Context, uri: &Uri) -> Option<Self> {
        let (directory, resource) = context.urls().parse(uri.path())?;
        Some(Self { directory, resource, query: uri.query().map(str::to_owned) })
    }

    /// The directory that the path is below, even when the rest of the path names no resource.
    pub(crate) fn directory(context: &Context, uri: &Uri) -> Option<DirectoryId> {
        context.urls().directory_in(uri.path())
    }

    /// The operation that the resource belongs to.
    pub fn operation(&self) -> Operation {
        Operation::on(&self.resource)
    }
}

/// Path and query as they were received: the client signed exactly these octets.
pub(crate) fn raw_target(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", PathAndQuery::as_str)
}

/// The largest request body, in octets; larger ones are answered with 413.
pub const MAX_BODY_LEN: usize = jose::MAX_JWS_LEN;
