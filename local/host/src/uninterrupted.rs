//! Work that goes on when nothing waits for it any more.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tokio::runtime::Handle;

/// A future that runs where it is awaited, and becomes a task of its own when it is dropped before
/// its end. Few requests need one, and each would have to be queued and woken.
pub(crate) struct Uninterrupted<T: Send + 'static>(Option<Work<T>>);

type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl<T: Send + 'static> Uninterrupted<T> {
    pub(crate) fn new(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self(Some(Box::pin(work)))
    }
}

impl<T: Send + 'static> Future for Uninterrupted<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        // Taken out, so that work that panics does not go on.
        let Some(mut work) = self.0.take() else { return Poll::Pending };
        let polled = work.as_mut().poll(context);
        if polled.is_pending() {
            self.0 = Some(work);
        }
        polled
    }
}

impl<T: Send + 'static> Drop for Uninterrupted<T> {
    fn drop(&mut self) {
        if let Some(work) = self.0.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(work);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use tokio::{sync::Notify, time};

    use super::*;

    /// Work that waits to be let go, and says that it went.
    fn gated() -> (Arc<Notify>, Arc<Notify>, Uninterrupted<u8>) {
        let (gate, went) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let work = {
            let (gate, went) = (gate.clone(), went.clone());
            async move {
                gate.notified().await;
                went.notify_one();
                7
            }
        };
        (gate, went, Uninterrupted::new(work))
    }

    #[tokio::test]
    async fn work_that_is_awaited_ends_with_its_value() {
        let (gate, _, work) = gated();
        gate.notify_one();
        assert_eq!(work.await, 7);
    }

    #[tokio::test]
    async fn work_goes_on_after_it_is_no_longer_awaited() {
        let (gate, went, work) = gated();
        assert!(time::timeout(Duration::ZERO, work).await.is_err());
        gate.notify_one();
        time::timeout(Duration::from_secs(10), went.notified()).await.expect("it went on");
    }

    #[tokio::test]
    async fn work_that_panicked_does_not_go_on() {
        let panicked = tokio::spawn(Uninterrupted::<u8>::new(async { panic!("planted") })).await;
        assert!(panicked.unwrap_err().is_panic());
    }
}
