//! `cargo xtask emulate`: the bundle, deployed on this machine, until it is interrupted.

use std::{env, fs, path::Path};

use serde_json::json;
use tests::{clients::Failure, deployed::Stack};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let folder = env::args().nth(1).expect("the folder to write to");
    let folder = Path::new(&folder);
    // Containers reach this machine at another address than loopback; without a container engine,
    // loopback is enough.
    let address = env::args().nth(2).unwrap_or_else(|| "127.0.0.1".to_owned()).parse().expect("an address");
    let Some(stack) = Stack::deploy_at(address).await? else { return Ok(()) };

    fs::create_dir_all(folder).unwrap();
    for (from, to) in [(stack.trusted(), "root.pem"), (stack.local_template(), "template.yaml")] {
        fs::copy(from, folder.join(to)).unwrap();
    }
    let state = json!({
        "directory": stack.directory("default"),
        "endpoint": stack.endpoint(),
        "management": format!("http://127.0.0.1:{}", stack.challenges.management_port),
        "outputs": stack.outputs,
    });
    fs::write(folder.join("state.json"), serde_json::to_vec_pretty(&state).unwrap()).unwrap();
    println!("{state:#}\nroot certificates and a template for `sam local`: {}", folder.display());
    tokio::signal::ctrl_c().await.unwrap();
    fs::remove_dir_all(folder).unwrap();
    Ok(())
}
