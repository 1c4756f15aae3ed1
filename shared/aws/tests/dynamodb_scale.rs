//! Pages of lists and look-ups cost the same number of units, however much the table contains.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "what does not go well fails the test")]

use acme::ProfileName;
use aws::dynamodb::DynamoDbStore;
use aws_sdk_dynamodb::Client;
use cloud::{Cloud, Units};
use store::{
    AccountStore, AcmeProfile, CertificateStore, ExternalAccountStore, LookupStore, ProfileSet, ProfileStore,
    Retention,
    contract::fixture::{DAY, account, at, certificate, changed, dns, external_account_key, key},
};

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_look_ups_cost_the_same_however_much_is_stored() {
    let (few, many) = (bill(400).await, bill(1_200).await);
    for ((what, few), (_, many)) in few.iter().zip(&many) {
        println!("{what:<40} {:>5} and {:>5} read units", few.read, many.read);
        assert_eq!(few, many, "{what}");
    }
}

/// The cost of each query with that number of records of each kind.
async fn bill(stored: usize) -> Vec<(&'static str, Units)> {
    let cloud = Cloud::start();
    cloud.create_table("acme");
    let store = DynamoDbStore::new(Client::new(&cloud.sdk_config("scale")), "acme", Retention::default());
    let profiles = ProfileSet {
        acme_profile: (0..stored).map(|number| AcmeProfile::new(profile(number))).collect(),
        ..ProfileSet::default()
    };
    store.apply_profiles(&profiles.changes_from(&ProfileSet::default())).await.unwrap();
    let mut keys = Vec::new();
    let mut certificates = Vec::new();
    for number in 0..stored {
        let key = external_account_key();
        store.create_external_account_key(&key).await.unwrap();
        keys.push(key.id);
        let certificate = changed(&certificate(), |record| {
            record.identifiers = vec![dns(&format!("host-{number}.example.com"))];
            record.not_after = at(90 * DAY + number as i64);
        });
        store.intend_certificate(&certificate).await.unwrap();
        certificates.push(certificate.id.clone());
    }
    let one = account();
    store.create_account_if_absent(&one).await.unwrap();
    keys.sort_unstable();

    let mut bill = Vec::new();
    let middle = stored / 2;
    macro_rules! ask {
        ($what:literal, $call:expr) => {{
            cloud.clear();
            $call.await.unwrap();
            bill.push(($what, cloud.units()));
        }};
    }
    ask!("a page of 50 ACME Profiles", store.acme_profiles_page(Some(&profile(middle)), 50));
    ask!("an ACME Profile", store.acme_profile(&profile(middle)));
    ask!("a page of 50 keys", store.external_account_keys(keys.get(middle).copied(), 50));
    ask!("a key", store.external_account_key(keys.get(middle).copied().unwrap()));
    ask!("the certificates of a name", store.certificates_by_name(&dns("host-7.example.com"), None, 50));
    ask!("50 certificates by their end", store.certificates_ending(at(90 * DAY), at(91 * DAY), None, 50));
    ask!("a certificate", store.certificate(certificates.get(middle).unwrap()));
    ask!("accounts by a contact", store.accounts_by_contact(one.contact.first().unwrap(), None, 50));
    ask!("accounts by a key", store.accounts_by_key(&key(0).thumbprint(), None, 50));
    bill
}

fn profile(number: usize) -> ProfileName {
    format!("profile-{number:06}").parse().unwrap()
}
