//! `POST /revoke-cert` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::serve(revoke_cert::NEEDS, |context, request| Box::pin(revoke_cert::serve(context, request)))
}
