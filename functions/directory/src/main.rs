//! `GET /directory` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::serve(directory::NEEDS, |context, request| Box::pin(directory::serve(context, request)))
}
