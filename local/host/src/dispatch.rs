//! Routes requests to functions, like the routes of API Gateway on AWS.

use acme::{DirectoryId, Problem, ProblemType, Resource};
use api::{Context, Operation, Request, Response, Route};
use http::{HeaderValue, Method, StatusCode, Uri, header};
use ra::Parts;

use crate::directories::{serving, usual};

/// Passes a request to its function. `/dir` is an alias of the usual directory, where clients of
/// test CAs look for it.
pub(crate) async fn dispatch(
    context: &Context,
    operator: &operator::Parts,
    parts: &Parts,
    mut request: Request,
) -> Response {
    if request.uri().path() == "/dir" {
        let of_directory = |directory: &DirectoryId| context.urls().of(directory, &Resource::Directory);
        let serving = match serving(&operator.profiles, &parts.directories).await {
            Ok(serving) => serving,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the directories could not be looked up");
                let detail = "The CA cannot answer at the moment.";
                return refuse(request.method(), &Problem::new(ProblemType::ServerInternal, detail));
            }
        };
        match usual(&serving).and_then(|directory| of_directory(directory).parse::<Uri>().ok()) {
            Some(uri) => *request.uri_mut() = uri,
            None => return refuse(request.method(), &nothing_usual(serving.iter().map(of_directory))),
        }
    }
    let operation = Route::parse(context, request.uri()).map(|route| route.operation());
    match operation.filter(|operation| operation.takes(request.method())) {
        None => fallback::serve(context, request).await,
        Some(Operation::Account) => account::serve(context, &parts.account_changes, request).await,
        Some(Operation::Authorization) => authorization::serve(context, &parts.authorizations, request).await,
        Some(Operation::Certificate) => certificate::serve(context, &parts.downloads, request).await,
        Some(Operation::Challenge) => challenge::serve(context, &parts.challenges, request).await,
        Some(Operation::Directory) => directory::serve(context, request).await,
        Some(Operation::Finalize) => finalize::serve(context, &parts.finalization, request).await,
        Some(Operation::KeyChange) => key_change::serve(context, &parts.key_changes, request).await,
        Some(Operation::NewAccount) => new_account::serve(context, &parts.registrations, request).await,
        Some(Operation::NewAuthorization) => {
            new_authorization::serve(context, &parts.new_authorizations, request).await
        }
        Some(Operation::NewNonce) => new_nonce::serve(context, request).await,
        Some(Operation::NewOrder) => new_order::serve(context, &parts.new_orders, request).await,
        Some(Operation::Order) => order::serve(context, &parts.orders, request).await,
        Some(Operation::Orders) => orders::serve(context, &parts.orders, request).await,
        Some(Operation::RenewalInfo) => renewal_info::serve(context, &parts.renewal_infos, request).await,
        Some(Operation::RevokeCert) => revoke_cert::serve(context, &parts.revocations, request).await,
    }
}

/// The answer if `/dir` is not a directory: lists the directories.
fn nothing_usual(directories: impl Iterator<Item = String>) -> Problem {
    let directories: Vec<String> = directories.collect();
    let detail = if directories.is_empty() {
        "No directory is in service.".to_owned()
    } else {
        format!("No directory is called `default`; those in service are {}.", directories.join(", "))
    };
    Problem::new(ProblemType::Malformed, detail).with_status(404)
}

fn refuse(method: &Method, problem: &Problem) -> Response {
    let body = serde_json::to_vec(problem).unwrap_or_default();
    let length = body.len();
    let mut response = Response::new(if *method == Method::HEAD { Vec::new() } else { body }.into());
    response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    *response.status_mut() = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let media_type = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response
}
