//! `HEAD and GET /new-nonce` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::serve(new_nonce::NEEDS, |context, request| Box::pin(new_nonce::serve(context, request)))
}
