//! `POST /authz/{authorizationId}` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::serve(authorization::NEEDS, |context, request| Box::pin(authorization::serve(context, request)))
}
