//! Command line of the one-process host.

use local::{Config, Host, banner};

#[tokio::main]
async fn main() {
    let host = Host::start(Config::new("serverless-acme-data".into())).await;
    match host {
        Ok(host) => {
            tracing::info!("{}", banner(&host));
            drop(tokio::signal::ctrl_c().await);
            host.stop().await;
        }
        Err(error) => tracing::error!("{error}"),
    }
}
