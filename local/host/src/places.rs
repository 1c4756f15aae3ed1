//! The places of a listener: how many connections it serves at once, who has them, and who gives
//! one up when they run short.
//!
//! No source is bounded while there are places. When there are none, a connection without a request
//! under way makes room: one of the source that has most, and of these the one that has been idle
//! longest. So neither many idle connections nor one source keep the others out.
//!
//! A source is an address. A connection of a trusted proxy is of the client whose request it
//! carries, and between requests of no one, so that it leaves after those of sources with several.

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
use http::HeaderMap;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::{self, Instant},
};

use crate::trusted_proxies::TrustedProxies;

/// The places of one listener.
pub(crate) struct Places {
    proxies: TrustedProxies,
    free: Arc<Semaphore>,
    taken: Mutex<HashMap<u64, Arc<Taken>>>,
    next: AtomicU64,
    warned: OnceAMinute,
}

/// A connection that has a place.
pub(crate) struct Taken {
    peer: IpAddr,
    proxies: TrustedProxies,
    state: Mutex<State>,
    leave: Notify,
}

#[derive(Clone, Copy)]
struct State {
    /// Whose it is; `None` for a trusted proxy that carries no request.
    source: Option<IpAddr>,
    asked: usize,
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

/// A request on a connection, from the arrival of its head.
pub(crate) struct Asked {
    client: IpAddr,
    taken: Arc<Taken>,
}

/// A request under way on a connection, which is not idle in the meantime. It is under way from the
/// arrival of its whole body.
pub(crate) struct Running(Arc<Taken>);

impl Places {
    /// That many places, for connections of clients and of these proxies.
    pub(crate) fn new(number: usize, proxies: TrustedProxies) -> Arc<Self> {
        Arc::new(Self {
            proxies,
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

    /// Gives the place of a permit to a connection from this address.
    pub(crate) fn take(self: &Arc<Self>, permit: OwnedSemaphorePermit, peer: IpAddr) -> Place {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let proxies = self.proxies.clone();
        let source = source(&proxies, peer);
        let state = State { source, asked: 0, running: 0, idle_since: Instant::now(), asked_to_leave: false };
        let taken = Arc::new(Taken { peer, proxies, state: Mutex::new(state), leave: Notify::new() });
        lock(&self.taken).insert(id, taken.clone());
        Place { id, places: self.clone(), taken, _permit: permit }
    }

    /// Asks one idle connection to leave; whether there was one.
    pub(crate) fn make_room(&self) -> bool {
        let taken = lock(&self.taken);
        let mut of_source: HashMap<IpAddr, usize> = HashMap::new();
        for source in taken.values().filter_map(|one| lock(&one.state).source) {
            *of_source.entry(source).or_default() += 1;
        }
        let idle = taken.values().filter_map(|one| {
            let state = *lock(&one.state);
            let share = state.source.and_then(|source| of_source.get(&source).copied()).unwrap_or(1);
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
    /// Marks the connection as its client's, whose request with these headers came on it, until
    /// the result is dropped.
    pub(crate) fn ask(self: &Arc<Self>, headers: &HeaderMap) -> Asked {
        let client = self.proxies.client(self.peer, headers);
        let mut state = lock(&self.state);
        state.asked += 1;
        state.source = source(&self.proxies, client);
        Asked { client, taken: self.clone() }
    }

    /// Marks a request as under way until the result is dropped.
    pub(crate) fn run(self: &Arc<Self>) -> Running {
        lock(&self.state).running += 1;
        Running(self.clone())
    }

    /// Whether a request is under way.
    pub(crate) fn is_running(&self) -> bool {
        lock(&self.state).running > 0
    }

    /// Waits until the connection is to leave.
    pub(crate) async fn leave(&self) {
        self.leave.notified().await;
    }
}

impl Asked {
    /// The address of the client.
    pub(crate) fn client(&self) -> IpAddr {
        self.client
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let mut state = lock(&self.taken.state);
        state.asked -= 1;
        if state.asked == 0 {
            state.source = source(&self.taken.proxies, self.taken.peer);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        state.running -= 1;
        state.idle_since = Instant::now();
    }
}

/// Whose a connection is on which requests come from this address.
fn source(proxies: &TrustedProxies, address: IpAddr) -> Option<IpAddr> {
    (!proxies.contains(address)).then(|| network(address))
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
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[tokio::test]
    async fn the_source_with_most_connections_gives_up_its_longest_idle_one() {
        let places = Places::new(5, TrustedProxies::default());
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

    /// Places that are all taken, each by a connection from one of these addresses, in the order of
    /// their age. 10.0.0.1 is a trusted proxy.
    async fn taken(sources: &[&str]) -> (Arc<Places>, Vec<Place>) {
        let places = Places::new(sources.len(), ["10.0.0.1".parse().unwrap()].into_iter().collect());
        let mut taken = Vec::new();
        for source in sources {
            let permit = places.permit().await.unwrap();
            taken.push(places.take(permit, source.parse().unwrap()));
            time::sleep(Duration::from_millis(1)).await;
        }
        (places, taken)
    }

    fn forwarded_for(client: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(HeaderName::from_static("x-forwarded-for"), HeaderValue::from_static(client))])
    }

    /// Whether this connection is the next one that is asked to leave.
    fn leaves(places: &Places, place: &Place) -> bool {
        places.make_room() && lock(&place.taken.state).asked_to_leave
    }

    #[tokio::test]
    async fn the_connections_of_a_trusted_proxy_are_not_those_of_one_source() {
        let (places, taken) = taken(&["10.0.0.1", "10.0.0.1", "10.0.0.1", "192.0.2.1", "192.0.2.1"]).await;
        // A stranger is one source, whatever it says.
        let asked = taken[4].taken().ask(&forwarded_for("198.51.100.7"));
        assert_eq!(asked.client().to_string(), "192.0.2.1");
        assert!(leaves(&places, &taken[3]), "the oldest of the stranger, who has two");
    }

    #[tokio::test]
    async fn a_connection_of_a_trusted_proxy_is_its_clients_while_a_request_is_on_it() {
        let (places, taken) = taken(&["192.0.2.1", "192.0.2.1", "10.0.0.1", "10.0.0.1", "10.0.0.1"]).await;
        // The heads of these requests are there, and their bodies do not come.
        let asked: Vec<Asked> =
            taken[2..].iter().map(|place| place.taken().ask(&forwarded_for("198.51.100.7"))).collect();
        assert!(asked.iter().all(|asked| asked.client().to_string() == "198.51.100.7"));
        assert!(leaves(&places, &taken[2]), "the oldest of the client, who has three");
        drop(asked);
        assert!(leaves(&places, &taken[0]), "between requests they are no one's");
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
        let places = Places::new(1, TrustedProxies::default());
        let place = places.take(places.permit().await.unwrap(), "192.0.2.1".parse().unwrap());
        let running = place.taken().run();
        assert!(!places.make_room());
        drop(running);
        assert!(places.make_room());
    }
}
