//! The queue of CRLs to be made, and their schedule, on Lambda.

use std::{process::ExitCode, sync::Arc};

use authority::CrlTask;

fn main() -> ExitCode {
    aws::work_and_schedule::<CrlTask>(
        publish_crl::NEEDS,
        Arc::new(|authority, task| Box::pin(async move { publish_crl::work(authority, &task).await })),
        |authority| Box::pin(publish_crl::on_schedule(authority)),
    )
}
