//! Pages of lists and look-ups, by the size of the store.
//!
//! `cargo bench -p store --bench scale` fills one store with a thousand records of each kind and
//! another with 10,000 profiles, 100,000 external account keys and 1,000,000 certificates, runs the
//! same queries on both, and prints the times and their ratio. `-- 100` makes the second a
//! hundredth as large.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::indexing_slicing, reason = "this is a bench")]

use std::{
    env,
    sync::Arc,
    time::{Duration, Instant},
};

use acme::{CertificateId, ExternalAccountKeyId, ProfileName};
use store::{
    AcmeProfile, CertificateStore, ExternalAccountKey, ExternalAccountStore, LookupStore, ProfileSet, ProfileStore,
    RaProfile, Versioned,
    contract::fixture::{DAY, at, certificate, changed, dns, issued, operation, random, serial},
    embedded::{EmbeddedStore, EngineOptions},
};
use tempfile::TempDir;
use tokio::task::JoinSet;

/// The numbers of stored records.
#[derive(Clone, Copy)]
struct Size {
    profiles: usize,
    keys: usize,
    certificates: usize,
}

#[tokio::main]
async fn main() {
    let part = env::args().find_map(|argument| argument.parse::<usize>().ok()).unwrap_or(1);
    let small = Size { profiles: 1_000, keys: 1_000, certificates: 1_000 };
    let large = Size { profiles: 10_000 / part, keys: 100_000 / part, certificates: 1_000_000 / part };
    let (small, large) = (filled(small).await, filled(large).await);
    println!("{:<52} {:>10} {:>10} {:>6}", "", "1,000", "many", "ratio");
    for (what, question) in QUESTIONS {
        // The stores take turns, so that other load of the machine affects both.
        let (mut few, mut many) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            few.push(time(&small, *question, round).await);
            many.push(time(&large, *question, round).await);
        }
        let (few, many) = (median(few), median(many));
        println!("{what:<52} {few:>10.1?} {many:>10.1?} {:>6.2}", many.as_secs_f64() / few.as_secs_f64());
    }
}

/// A filled store.
struct Filled {
    store: Arc<EmbeddedStore>,
    size: Size,
    keys: Vec<ExternalAccountKeyId>,
    _folder: TempDir,
}

/// A query, timed by itself.
#[derive(Clone, Copy)]
enum Question {
    ProfilePage,
    Profile,
    KeyPage,
    Key,
    CertificatesOfName,
    CertificatesEnding,
    Certificate,
}

const QUESTIONS: &[(&str, Question)] = &[
    ("a page of 100 ACME Profiles from the middle", Question::ProfilePage),
    ("an ACME Profile by name", Question::Profile),
    ("a page of 100 external account keys", Question::KeyPage),
    ("a key by its id", Question::Key),
    ("the certificates of a name", Question::CertificatesOfName),
    ("a page of 100 certificates by their end", Question::CertificatesEnding),
    ("a certificate by its id", Question::Certificate),
];

async fn time(filled: &Filled, question: Question, round: usize) -> Duration {
    let Filled { store, size, keys, .. } = filled;
    // A different place each time, so that the cache of the last round does not answer everything.
    let spot = |of: usize| (round.wrapping_mul(7_919) + of / 2) % of;
    let begin = Instant::now();
    match question {
        Question::ProfilePage => {
            let after = profile_name(spot(size.profiles / 2));
            assert_eq!(store.acme_profiles_page(Some(&after), PAGE).await.unwrap().items.len(), PAGE);
        }
        Question::Profile => {
            assert!(store.acme_profile(&profile_name(spot(size.profiles))).await.unwrap().is_some());
        }
        Question::KeyPage => {
            let after = keys[spot(size.keys / 2)];
            assert_eq!(store.external_account_keys(Some(after), PAGE).await.unwrap().items.len(), PAGE);
        }
        Question::Key => {
            assert!(store.external_account_key(keys[spot(size.keys)]).await.unwrap().is_some());
        }
        Question::CertificatesOfName => {
            let name = dns(&host(spot(size.certificates)));
            assert_eq!(store.certificates_by_name(&name, None, PAGE).await.unwrap().items.len(), 1);
        }
        Question::CertificatesEnding => {
            let from = at(90 * DAY + (spot(size.certificates) / 2) as i64);
            let page = store.certificates_ending(from, at(1_000 * DAY), None, PAGE).await.unwrap();
            assert_eq!(page.items.len(), PAGE);
        }
        Question::Certificate => {
            assert!(store.certificate(&certificate_id(spot(size.certificates))).await.unwrap().is_some());
        }
    }
    begin.elapsed()
}

async fn filled(size: Size) -> Filled {
    let folder = tempfile::tempdir().unwrap();
    let begin = Instant::now();
    let store = Arc::new(EmbeddedStore::open(folder.path().join("store.redb"), EngineOptions::default()).unwrap());
    let profiles = ProfileSet {
        acme_profile: (0..size.profiles).map(|number| AcmeProfile::new(profile_name(number))).collect(),
        ra_profile: vec![RaProfile::new(profile_name(0), "issuing".parse().unwrap())],
    };
    store.apply_profiles(&profiles.changes_from(&ProfileSet::default())).await.unwrap();
    let mut keys: Vec<_> =
        (0..size.keys).map(|number| ExternalAccountKeyId::new(at(number as i64), random())).collect();
    keys.sort_unstable();
    at_once(&store, size.keys, {
        let keys = keys.clone();
        move |store, number| {
            let key = ExternalAccountKey::new(keys[number], at(0), at(DAY));
            async move {
                store.create_external_account_key(&Versioned::new(key, operation())).await.unwrap();
            }
        }
    })
    .await;
    at_once(&store, size.certificates, |store, number| async move {
        let record = changed(&issued(&certificate()), |record| {
            record.id = certificate_id(number);
            record.identifiers = vec![dns(&host(number))];
            // Their ends are one second apart.
            record.not_after = at(90 * DAY + number as i64);
        });
        store.intend_certificate(&record).await.unwrap();
    })
    .await;
    println!(
        "{} profiles, {} keys, {} certificates in {:.0?}",
        size.profiles,
        size.keys,
        size.certificates,
        begin.elapsed()
    );
    Filled { store, size, keys, _folder: folder }
}

/// Runs that number of writes by many writers, which share commits.
async fn at_once<F: Future<Output = ()> + Send>(
    store: &Arc<EmbeddedStore>,
    amount: usize,
    write: impl Fn(Arc<EmbeddedStore>, usize) -> F + Clone + Send + 'static,
) {
    let writers: JoinSet<()> = (0..WRITERS)
        .map(|writer| {
            let (store, write) = (store.clone(), write.clone());
            async move {
                for number in (writer..amount).step_by(WRITERS) {
                    write(store.clone(), number).await;
                }
            }
        })
        .collect();
    writers.join_all().await;
}

fn profile_name(number: usize) -> ProfileName {
    format!("profile-{number:06}").parse().unwrap()
}

fn host(number: usize) -> String {
    format!("host-{number}.example.com")
}

fn certificate_id(number: usize) -> CertificateId {
    CertificateId::new(vec![0x55; 20], serial(&[&[0x40][..], &(number as u64).to_be_bytes()].concat()))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

const PAGE: usize = 100;
const ROUNDS: usize = 1_001;
const WRITERS: usize = 1_024;
