//! Counters of limits.

use std::slice;

use super::{
    Tried, WORKS,
    fixture::{limit_window, operation},
    together,
};
use crate::{Counted, LimitWindow};

/// Up to the maximum, and from zero again in the next window.
pub async fn what_happens_is_counted_up_to_the_maximum(store: Tried) {
    let window = limit_window();
    assert_eq!(store.counted(slice::from_ref(&window)).await.expect(WORKS), [0], "before it happened");
    for used in 1..=3 {
        let counted = store.count(&window, 1, 3, operation()).await.expect(WORKS);
        assert_eq!(counted, Counted::Within { used });
    }
    for _ in 0..2 {
        let counted = store.count(&window, 1, 3, operation()).await.expect(WORKS);
        assert_eq!(counted, Counted::Over { retry_at: window.ends_at() });
        assert_eq!(store.counted(slice::from_ref(&window)).await.expect(WORKS), [3], "it was not counted");
    }
    let raised = store.count(&window, 1, 4, operation()).await.expect(WORKS);
    assert_eq!(raised, Counted::Within { used: 4 }, "the maximum is that of the question");
    let lowered = store.count(&window, 1, 2, operation()).await.expect(WORKS);
    assert_eq!(lowered, Counted::Over { retry_at: window.ends_at() });
    let next = LimitWindow { starts_at: window.ends_at(), ..window.clone() };
    assert_eq!(
        store.count(&next, 1, 3, operation()).await.expect(WORKS),
        Counted::Within { used: 1 },
        "in the next window"
    );
    let other = LimitWindow { key: format!("{}#other", window.key), ..window.clone() };
    assert_eq!(
        store.count(&other, 1, 3, operation()).await.expect(WORKS),
        Counted::Within { used: 1 },
        "of something else"
    );
    let nothing = store.count(&other, 1, 0, operation()).await.expect(WORKS);
    assert_eq!(nothing, Counted::Over { retry_at: window.ends_at() }, "a maximum of nothing is always reached");
}

/// Several counters change together or not at all.
pub async fn several_are_counted_together_or_not_at_all(store: Tried) {
    let window = limit_window();
    for (amount, counted) in [
        (4, Counted::Over { retry_at: window.ends_at() }),
        (2, Counted::Within { used: 2 }),
        (2, Counted::Over { retry_at: window.ends_at() }),
        (1, Counted::Within { used: 3 }),
    ] {
        assert_eq!(store.count(&window, amount, 3, operation()).await.expect(WORKS), counted, "{amount}");
    }
}

/// A lost answer is neither a lost count nor a second one.
pub async fn a_count_that_is_repeated_counts_once(store: Tried) {
    let (window, first) = (limit_window(), operation());
    for _ in 1..=3 {
        let counted = store.count(&window, 1, 1, first).await.expect(WORKS);
        assert_eq!(counted, Counted::Within { used: 1 });
    }
    let second = store.count(&window, 1, 1, operation()).await.expect(WORKS);
    assert_eq!(second, Counted::Over { retry_at: window.ends_at() });
}

/// An undone count is available again.
pub async fn what_was_counted_is_taken_back_once(store: Tried) {
    let (window, first, second) = (limit_window(), operation(), operation());
    for operation in [first, second] {
        store.count(&window, 2, 4, operation).await.expect(WORKS);
    }
    let back = operation();
    for _ in 0..2 {
        store.take_back(&window, 2, second, back).await.expect(WORKS);
        assert_eq!(store.counted(slice::from_ref(&window)).await.expect(WORKS), [2]);
    }
    let counted = store.count(&window, 2, 4, operation()).await.expect(WORKS);
    assert_eq!(counted, Counted::Within { used: 4 });
}

/// A count is not undone if another operation may have been refused because of it or was counted
/// after it.
pub async fn what_something_was_counted_after_stays_counted(store: Tried) {
    let (window, first) = (limit_window(), operation());
    store.take_back(&window, 1, first, operation()).await.expect(WORKS);
    store.count(&window, 1, 2, first).await.expect(WORKS);
    store.count(&window, 1, 2, operation()).await.expect(WORKS);
    store.take_back(&window, 1, first, operation()).await.expect(WORKS);
    let other = LimitWindow { key: format!("{}#other", window.key), ..window.clone() };
    assert_eq!(store.counted(&[other, window]).await.expect(WORKS), [0, 2], "each in its place");
}

/// The maximum holds under concurrent operations.
pub async fn of_one_hundred_counts_at_once_as_many_are_within_as_may_be(store: Tried) {
    let window = limit_window();
    let counts = (0..100).map(|_| {
        let (store, window) = (store.clone(), window.clone());
        async move { store.count(&window, 1, 40, operation()).await.expect(WORKS) }
    });
    let counted = together(counts).await;
    let mut within: Vec<u32> = counted
        .into_iter()
        .filter_map(|counted| match counted {
            Counted::Within { used } => Some(used),
            Counted::Over { .. } => None,
        })
        .collect();
    within.sort_unstable();
    assert_eq!(within, (1..=40).collect::<Vec<_>>(), "each of them once");
    assert_eq!(store.counted(slice::from_ref(&window)).await.expect(WORKS), [40]);
}
