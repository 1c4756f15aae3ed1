//! A part of the authority, with what a function's library does by it.

use api::{Context, Request, Response};
use lambda_runtime::Error as BoxError;

use crate::Promise;

/// Handles the requests of a function.
pub trait Handle: Send + Sync {
    /// Answers a request, whatever comes of it.
    fn handle<'a>(&'a self, context: &'a Context, request: Request) -> Promise<'a, Response>;
}

/// Does what a function is asked for: a task, or what is due on schedule.
pub trait Do<T, R>: Send + Sync {
    /// Does what was asked, and says so or why not.
    fn run(&self, asked: T) -> Promise<'_, Result<R, BoxError>>;
}

/// What handles requests by this part.
pub fn handler<A: Send + Sync + 'static>(
    part: A,
    serve: for<'a> fn(&'a Context, &'a A, Request) -> Promise<'a, Response>,
) -> Box<dyn Handle> {
    Box::new(Part { part, with: serve })
}

/// What does work by this part.
pub fn work_by<A: Send + Sync + 'static, T: 'static, R: 'static>(
    part: A,
    work: for<'a> fn(&'a A, T) -> Promise<'a, Result<R, BoxError>>,
) -> Box<dyn Do<T, R>> {
    Box::new(Part { part, with: work })
}

struct Part<A, F> {
    part: A,
    with: F,
}

impl<A: Send + Sync> Handle for Part<A, for<'a> fn(&'a Context, &'a A, Request) -> Promise<'a, Response>> {
    fn handle<'a>(&'a self, context: &'a Context, request: Request) -> Promise<'a, Response> {
        (self.with)(context, &self.part, request)
    }
}

impl<A: Send + Sync, T, R> Do<T, R> for Part<A, for<'a> fn(&'a A, T) -> Promise<'a, Result<R, BoxError>>> {
    fn run(&self, asked: T) -> Promise<'_, Result<R, BoxError>> {
        (self.with)(&self.part, asked)
    }
}
