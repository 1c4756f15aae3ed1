//! The tasks of a host. None of them should end before the host stops; when one does, whatever it
//! was there for is not done any more, so the process must end and be started again.

use std::{collections::HashMap, fmt, future};

use tokio::task::{Id, JoinError, JoinSet};

/// Tasks with names for the operator.
#[derive(Default)]
pub(crate) struct Tasks {
    running: JoinSet<()>,
    names: HashMap<Id, &'static str>,
}

impl Tasks {
    /// Starts a task that is to run until the host stops.
    pub(crate) fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let id = self.running.spawn(task).id();
        self.names.insert(id, name);
    }

    /// Waits until one of them ends.
    pub(crate) async fn ended(&mut self) -> EndedTask {
        match self.running.join_next_with_id().await {
            Some(Ok((id, ()))) => self.named(id, false),
            Some(Err(error)) => self.named(error.id(), JoinError::is_panic(&error)),
            None => future::pending().await,
        }
    }

    /// Waits until all of them have ended.
    pub(crate) async fn join(&mut self) {
        // A task that panicked has nothing to finish.
        while self.running.join_next().await.is_some() {}
    }

    /// Aborts all of them.
    pub(crate) async fn abort(&mut self) {
        self.running.shutdown().await;
    }

    fn named(&self, id: Id, panicked: bool) -> EndedTask {
        EndedTask { name: self.names.get(&id).copied().unwrap_or("a task"), panicked }
    }
}

/// A task that ended although the host did not stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedTask {
    /// What it was there for.
    pub name: &'static str,
    /// Whether it panicked; the log says where.
    pub panicked: bool,
}

impl fmt::Display for EndedTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, if self.panicked { "panicked" } else { "ended" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn threat_33_a_task_that_ends_or_panics_is_noticed_with_its_name() {
        let mut tasks = Tasks::default();
        tasks.spawn("the first", future::pending());
        tasks.spawn("the second", async {});
        assert_eq!(tasks.ended().await, EndedTask { name: "the second", panicked: false });
        tasks.spawn("the third", async { panic!("planted") });
        assert_eq!(tasks.ended().await, EndedTask { name: "the third", panicked: true });
    }
}
