//! `POST /cert/{certificateId}` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::serve(certificate::NEEDS, |context, request| Box::pin(certificate::serve(context, request)))
}
