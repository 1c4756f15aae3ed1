//! For `cargo xtask smoke --emulator`: an emulator of AWS without any stack, and what clients and
//! validation need around it, until the end of standard input.

use std::{
    env,
    io::{self, Read},
    path::Path,
};

use tests::{clients::Failure, deployed::Account};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let [folder, bucket] = &env::args().skip(1).collect::<Vec<_>>()[..] else {
        panic!("usage: account <folder to write to> <status bucket>");
    };
    let account = Account::start(Path::new(folder), bucket).await?;
    println!("{}", account.state());
    tokio::task::spawn_blocking(|| io::stdin().read_to_end(&mut Vec::new())).await.unwrap().unwrap();
    Ok(())
}
