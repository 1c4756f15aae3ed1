//! `POST /new-account` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::serve(new_account::NEEDS, |context, request| Box::pin(new_account::serve(context, request)))
}
