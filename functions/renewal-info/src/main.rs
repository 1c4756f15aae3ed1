//! `GET /renewal-info/{certId}` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::serve(renewal_info::NEEDS, |context, request| Box::pin(renewal_info::serve(context, request)))
}
