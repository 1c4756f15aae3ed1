//! `POST /chall/{challengeId}` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::serve(challenge::NEEDS, |context, request| Box::pin(challenge::serve(context, request)))
}
