//! Fuzzes the readers of the payloads of signed requests.
#![no_main]

use api::{Json, Payload};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    read::<acme::NewAccount>(octets);
    read::<acme::AccountUpdate>(octets);
    read::<acme::NewOrder>(octets);
    read::<acme::NewAuthorization>(octets);
    read::<acme::RevocationRequest>(octets);
    read::<acme::KeyChange>(octets);
});

fn read<T>(octets: &[u8])
where
    Json<T>: Payload,
{
    if let Err(error) = Json::<T>::read(octets) {
        assert!(!error.to_string().contains(['\n', '\0']), "it would break a line of the log");
    }
}
