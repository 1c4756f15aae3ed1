//! What an operator asks and does, on Lambda, for those whom IAM lets.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::invoke(admin::NEEDS, |authority, request| Box::pin(async move { Ok(admin::act(authority, request).await?) }))
}
