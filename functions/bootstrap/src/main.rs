//! The custom resource of the CA, and the schedule of the root's CRL, on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::respond(
        bootstrap::NEEDS,
        |authority, properties| Box::pin(bootstrap::from_properties(authority, properties)),
        |authority| Box::pin(bootstrap::on_schedule(authority)),
    )
}
