//! `POST /acct/{accountId}` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::serve(account::NEEDS, |context, request| Box::pin(account::serve(context, request)))
}
