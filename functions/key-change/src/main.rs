//! `POST /key-change` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::serve(key_change::NEEDS, |context, request| Box::pin(key_change::serve(context, request)))
}
