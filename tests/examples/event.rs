//! `cargo xtask event OPERATION`: the event of a request that is valid now, for the CA that `cargo
//! xtask emulate` runs.

use std::{env, fs, path::Path, process::ExitCode, sync::Arc};

use serde_json::Value;
use tests::{client::Http, deployed::event::fresh};

#[tokio::main]
async fn main() -> ExitCode {
    let [folder, operation] = &env::args().skip(1).collect::<Vec<_>>()[..] else {
        eprintln!("usage: event <folder of the emulator> <operation>");
        return ExitCode::FAILURE;
    };
    let folder = Path::new(folder);
    let Ok(state) = fs::read(folder.join("state.json")) else {
        eprintln!("no bundle is emulated; run `cargo xtask emulate` in another terminal");
        return ExitCode::FAILURE;
    };
    let state: Value = serde_json::from_slice(&state).unwrap();
    let text = |member: &str| state[member].as_str().unwrap();
    let http = Arc::new(Http::trusting(&folder.join("root.pem")));
    match fresh(http, text("directory"), text("management"), operation).await {
        Some(event) => {
            println!("{event:#}");
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("there is no operation `{operation}`");
            ExitCode::FAILURE
        }
    }
}
