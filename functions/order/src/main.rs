//! `POST /order/{orderId}` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::serve(order::NEEDS, |context, request| Box::pin(order::serve(context, request)))
}
