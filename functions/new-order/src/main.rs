//! `POST /new-order` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::serve(new_order::NEEDS, |context, request| Box::pin(new_order::serve(context, request)))
}
