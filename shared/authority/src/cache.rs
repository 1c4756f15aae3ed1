//! A cache of recently read values, for warm processes.

use std::{collections::HashMap, hash::Hash};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::RwLock;

/// Values that are served from memory for a limited time.
pub struct Cache<K, V> {
    for_how_long: SignedDuration,
    entries: RwLock<HashMap<K, Entry<V>>>,
}

/// A value, and when it was read.
struct Entry<V> {
    read_at: Timestamp,
    value: V,
}

impl<K: Clone + Eq + Hash, V: Clone> Cache<K, V> {
    /// An empty cache whose values are read again after that time.
    pub fn new(for_how_long: SignedDuration) -> Self {
        Self { for_how_long, entries: RwLock::default() }
    }

    /// The value of the key: the cached one, or the result of `read`. Errors are not cached.
    ///
    /// # Errors
    /// The error of `read`.
    pub async fn get_or_read<E>(
        &self,
        key: &K,
        now: Timestamp,
        read: impl Future<Output = Result<V, E>>,
    ) -> Result<V, E> {
        if let Some(value) = self.get(key, now).await {
            return Ok(value);
        }
        let value = read.await?;
        self.put(key.clone(), now, value.clone()).await;
        Ok(value)
    }

    /// The cached value of the key, if it is recent enough.
    pub async fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        let entries = self.entries.read().await;
        let entry = entries.get(key).filter(|entry| now.duration_since(entry.read_at) < self.for_how_long);
        entry.map(|entry| entry.value.clone())
    }

    /// Stores a value that was read at `now`.
    pub async fn put(&self, key: K, now: Timestamp, value: V) {
        let mut entries = self.entries.write().await;
        // Any caller can invent names that do not exist; they must not fill the memory.
        if entries.len() >= MAX_CACHED {
            entries.clear();
        }
        entries.insert(key, Entry { read_at: now, value });
    }

    /// Removes all values, so that they are read again.
    pub async fn forget(&self) {
        self.entries.write().await.clear();
    }
}

const MAX_CACHED: usize = 10_000;

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[tokio::test]
    async fn a_value_is_read_again_when_its_time_is_over_and_not_before() {
        let cache = Cache::new(SignedDuration::from_secs(10));
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut answers = Vec::new();
        for (second, stored) in [(0, "old"), (9, "new"), (10, "new"), (20, "newer")] {
            let read = async { Ok::<_, Infallible>(stored) };
            answers.push(cache.get_or_read(&"key", at(second), read).await.unwrap());
        }
        assert_eq!(answers, ["old", "old", "new", "newer"]);
    }
}
