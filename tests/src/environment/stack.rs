//! The CA of the bundle as it is deployed: one stack in an emulator, which all tests of a program
//! share.

use std::{
    path::PathBuf,
    process::Child,
    sync::{Arc, OnceLock, mpsc},
    thread,
};

use tokio::runtime::Runtime;

use crate::{challenge_server::ChallengeServer, deployed::Stack};

/// A stack that belongs to every test.
#[derive(Clone)]
pub(super) struct SharedStack {
    stack: Arc<Stack>,
    base_url: String,
}

impl SharedStack {
    /// The stack, which the first test deploys; `None` if a tool is missing on this machine.
    ///
    /// # Panics
    /// An installed tool fails, or a tool is missing under `cargo xtask test`.
    pub(super) fn get() -> Option<Self> {
        static STACK: OnceLock<Option<(SharedStack, Child)>> = OnceLock::new();
        let stack = STACK.get_or_init(|| {
            let (sender, receiver) = mpsc::channel();
            // What it runs belongs to no test, so that it is there for the next one.
            thread::spawn(move || {
                Runtime::new().unwrap().block_on(async move {
                    sender.send(Stack::deploy().await).unwrap();
                    std::future::pending::<()>().await;
                });
            });
            let stack =
                receiver.recv().expect("the stack is deployed").unwrap_or_else(|failure| panic!("{failure}"))?;
            let reaper = stack.ends_with_this_process();
            Some((Self { base_url: stack.base_url(), stack: Arc::new(stack) }, reaper))
        });
        stack.as_ref().map(|(stack, _)| stack.clone())
    }

    pub(super) fn challenges(&self) -> Arc<ChallengeServer> {
        self.stack.challenges.clone()
    }

    pub(super) fn base_url(&self) -> &str {
        &self.base_url
    }

    pub(super) fn root(&self) -> PathBuf {
        self.stack.root()
    }
}
