//! Appends that are on the disk when they are answered.

use std::{
    fs::{File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::Path,
    thread,
};

use tokio::sync::{mpsc, oneshot};

use crate::connection::Failure;

/// Hands what is to be durable to a thread, which writes all that waits and flushes once.
pub(super) struct Appends(mpsc::UnboundedSender<Append>);

struct Append {
    text: String,
    done: oneshot::Sender<()>,
}

impl Appends {
    /// Appends to a new file, which is overwritten from its begin when it is full.
    pub(super) fn to(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).open(path)?;
        file.write_all(&vec![0; SIZE])?;
        file.sync_all()?;
        let (sender, receiver) = mpsc::unbounded_channel();
        thread::spawn(move || write(file, receiver));
        Ok(Self(sender))
    }

    /// Writes a record with this text; returns when it is durable.
    pub(super) async fn append(&self, text: &str) -> Result<(), Failure> {
        let (done, is_done) = oneshot::channel();
        let text = format!("{text:RECORD$}");
        // If the thread has ended, the other half of `done` is gone, too.
        drop(self.0.send(Append { text, done }));
        Ok(is_done.await?)
    }
}

fn write(mut file: File, mut waiting: mpsc::UnboundedReceiver<Append>) -> io::Result<()> {
    let mut at = 0;
    while let Some(first) = waiting.blocking_recv() {
        let mut group = vec![first];
        while let Ok(next) = waiting.try_recv() {
            group.push(next);
        }
        let octets = group.iter().map(|append| append.text.as_str()).collect::<String>();
        if at + octets.len() > SIZE {
            at = 0;
        }
        file.seek(SeekFrom::Start(at as u64))?;
        file.write_all(octets.as_bytes())?;
        file.sync_data()?;
        at += octets.len();
        for append in group {
            // The client may have left.
            let _ = append.done.send(());
        }
    }
    Ok(())
}

/// Octets of the file.
const SIZE: usize = 2 << 20;
/// Octets of a record: a third of what a certificate with its order takes in our log.
const RECORD: usize = 1_400;
