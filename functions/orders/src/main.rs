//! `POST /acct/{accountId}/orders and /orders/{accountId}` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::serve(orders::NEEDS, |context, request| Box::pin(orders::serve(context, request)))
}
