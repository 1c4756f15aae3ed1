//! `POST /order/{orderId}/finalize` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::serve(finalize::NEEDS, |context, request| Box::pin(finalize::serve(context, request)))
}
