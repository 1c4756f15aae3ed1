//! `POST /new-authz` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::serve(new_authorization::NEEDS, |context, request| Box::pin(new_authorization::serve(context, request)))
}
