//! From a request to its function, as API Gateway's routes do it on AWS.

use acme::{DirectoryId, Resource};
use api::{Context, Operation, Request, Response, Route};
use http::Uri;

/// Hands a request to the function that it belongs to. `/dir` is the default directory, where
/// clients of test CAs look for it.
pub(crate) async fn dispatch(context: &Context, default_directory: &DirectoryId, mut request: Request) -> Response {
    if request.uri().path() == "/dir"
        && let Ok(uri) = context.urls().of(default_directory, &Resource::Directory).parse::<Uri>()
    {
        *request.uri_mut() = uri;
    }
    let operation = Route::parse(context, request.uri()).map(|route| route.operation());
    match operation.filter(|operation| operation.takes(request.method())) {
        None => fallback::serve(context, request).await,
        Some(Operation::Account) => account::serve(context, request).await,
        Some(Operation::Authorization) => authorization::serve(context, request).await,
        Some(Operation::Certificate) => certificate::serve(context, request).await,
        Some(Operation::Challenge) => challenge::serve(context, request).await,
        Some(Operation::Directory) => directory::serve(context, request).await,
        Some(Operation::Finalize) => finalize::serve(context, request).await,
        Some(Operation::KeyChange) => key_change::serve(context, request).await,
        Some(Operation::NewAccount) => new_account::serve(context, request).await,
        Some(Operation::NewAuthorization) => new_authorization::serve(context, request).await,
        Some(Operation::NewNonce) => new_nonce::serve(context, request).await,
        Some(Operation::NewOrder) => new_order::serve(context, request).await,
        Some(Operation::Order) => order::serve(context, request).await,
        Some(Operation::Orders) => orders::serve(context, request).await,
        Some(Operation::RenewalInfo) => renewal_info::serve(context, request).await,
        Some(Operation::RevokeCert) => revoke_cert::serve(context, request).await,
    }
}
