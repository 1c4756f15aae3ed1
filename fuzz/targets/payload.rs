//! Fuzzes the readers of the payloads of signed requests.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let _ = serde_json::from_slice::<acme::NewAccount>(octets);
    let _ = serde_json::from_slice::<acme::AccountUpdate>(octets);
    let _ = serde_json::from_slice::<acme::NewOrder>(octets);
    let _ = serde_json::from_slice::<acme::NewAuthorization>(octets);
    let _ = serde_json::from_slice::<acme::RevocationRequest>(octets);
    let _ = serde_json::from_slice::<acme::KeyChange>(octets);
});
