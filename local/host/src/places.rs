//! The places of a listener: how many connections it serves at once, who has them, and who gives
//! one up when they run short.
//!
//! No source is bounded while there are places. When there are none, a connection without a request
//! under way makes room: one of the source that has most, and of these the one that has been idle
//! longest. So neither many idle connections nor one source keep the others out.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use authority::OnceAMinute;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::{self, Instant},
};

/// The places of one listener.
pub(crate) struct Places {
    free: Arc<Semaphore>,
    taken: Mutex<HashMap<u64, Arc<Taken>>>,
    next: AtomicU64,
    warned: OnceAMinute,
}

/// A connection that has a place.
pub(crate) struct Taken {
    source: IpAddr,
    state: Mutex<State>,
    leave: Notify,
}

#[derive(Clone, Copy)]
struct State {
    running: usize,
    idle_since: Instant,
    asked_to_leave: bool,
}

/// A place, given back on drop.
pub(crate) struct Place {
    id: u64,
    places: Arc<Places>,
    taken: Arc<Taken>,
    _permit: OwnedSemaphorePermit,
}

/// A request under way on a connection, which is not idle in the meantime. It is under way from the
/// arrival of its whole body.
pub(crate) struct Running(Arc<Taken>);

impl Places {
    /// That many places.
    pub(crate) fn new(number: usize) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(number)),
            taken: Mutex::default(),
            next: AtomicU64::new(0),
            warned: OnceAMinute::new(),
        })
    }

    /// Waits for a free place, and makes one free when there is none. `None` when there never will
    /// be one.
    pub(crate) async fn permit(self: &Arc<Self>) -> Option<OwnedSemaphorePermit> {
        loop {
            if let Ok(permit) = self.free.clone().try_acquire_owned() {
                return Some(permit);
            }
            self.warn("all places for connections are taken");
            self.make_room();
            let waited = time::timeout(PATIENCE, self.free.clone().acquire_owned()).await;
            if let Ok(permit) = waited {
                return permit.ok();
            }
        }
    }

    /// Gives the place of a permit to a connection from this source.
    pub(crate) fn take(self: &Arc<Self>, permit: OwnedSemaphorePermit, source: IpAddr) -> Place {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let state = State { running: 0, idle_since: Instant::now(), asked_to_leave: false };
        let taken = Arc::new(Taken { source: network(source), state: Mutex::new(state), leave: Notify::new() });
        lock(&self.taken).insert(id, taken.clone());
        Place { id, places: self.clone(), taken, _permit: permit }
    }

    /// Asks one idle connection to leave; whether there was one.
    pub(crate) fn make_room(&self) -> bool {
        let taken = lock(&self.taken);
        let mut of_source: HashMap<IpAddr, usize> = HashMap::new();
        for one in taken.values() {
            *of_source.entry(one.source).or_default() += 1;
        }
        let idle = taken.values().filter_map(|one| {
            let state = *lock(&one.state);
            let share = of_source.get(&one.source).copied().unwrap_or_default();
            let is_idle = state.running == 0 && !state.asked_to_leave;
            is_idle.then_some((share, state.idle_since, one))
        });
        let chosen = idle.max_by(|(share, since, _), (other, later, _)| share.cmp(other).then(later.cmp(since)));
        let Some((_, _, one)) = chosen else { return false };
        lock(&one.state).asked_to_leave = true;
        one.leave.notify_one();
        true
    }

    /// Warns, once a minute at most, because the cause of the warning comes many times a second.
    pub(crate) fn warn(&self, what: &str) {
        if let Some(times) = self.warned.happened() {
            tracing::warn!(times, "{what}; idle connections are closed to make room, and others wait");
        }
    }
}

impl Place {
    /// The connection, to mark its requests.
    pub(crate) fn taken(&self) -> Arc<Taken> {
        self.taken.clone()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.places.taken).remove(&self.id);
    }
}

impl Taken {
    /// Marks a request as under way until the result is dropped.
    pub(crate) fn run(self: &Arc<Self>) -> Running {
        lock(&self.state).running += 1;
        Running(self.clone())
    }

    /// Waits until the connection is to leave.
    pub(crate) async fn leave(&self) {
        self.leave.notified().await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        state.running -= 1;
        state.idle_since = Instant::now();
    }
}

/// What counts as one source: an IPv4 address, or an IPv6 /64, which is given to one host whole.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long a connection that was asked to leave is waited for before another one is asked.
const PATIENCE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_source_with_most_connections_gives_up_its_longest_idle_one() {
        let places = Places::new(5);
        let mut taken = Vec::new();
        for source in ["192.0.2.1", "192.0.2.2", "::ffff:192.0.2.2", "192.0.2.2", "192.0.2.3"] {
            let permit = places.permit().await.unwrap();
            taken.push(places.take(permit, source.parse().unwrap()));
            time::sleep(Duration::from_millis(1)).await;
        }
        // The longest idle of the greatest source has a request under way.
        let running = taken[1].taken().run();
        let waiting = tokio::spawn({
            let places = places.clone();
            async move { places.permit().await.is_some() }
        });
        taken[2].taken().leave().await;
        drop(taken.remove(2));
        assert!(waiting.await.unwrap());
        drop(running);
        assert!(places.make_room());
    }

    #[test]
    fn the_addresses_of_one_network_are_one_source() {
        let of = |address: &str| network(address.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:a:b:c:d"), of("2001:db8:1:2::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!((of("192.0.2.1"), of("::ffff:192.0.2.1")), ("192.0.2.1".to_owned(), "192.0.2.1".to_owned()));
    }

    #[tokio::test]
    async fn connections_with_requests_under_way_stay() {
        let places = Places::new(1);
        let place = places.take(places.permit().await.unwrap(), "192.0.2.1".parse().unwrap());
        let running = place.taken().run();
        assert!(!places.make_room());
        drop(running);
        assert!(places.make_room());
    }
}
