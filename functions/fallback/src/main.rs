//! Everything that no other function takes, on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::serve(fallback::NEEDS, |context, request| Box::pin(fallback::serve(context, request)))
}
