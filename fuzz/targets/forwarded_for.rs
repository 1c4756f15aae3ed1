//! Fuzzes the reader of `X-Forwarded-For`. Whatever a client wrote into it, the address that a
//! trusted proxy appends is the one that counts, and no trusted proxy is taken for its client.
#![no_main]

use std::net::IpAddr;

libfuzzer_sys::fuzz_target!(|value: &[u8]| {
    let Some(client) = host::fuzzing::forwarded_for(value) else { return };
    let (proxy, own) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([192, 0, 2, 1]));
    let is_trusted = match client {
        IpAddr::V4(address) => address.octets()[0] == 10,
        IpAddr::V6(address) => address.is_loopback(),
    };
    assert!(client == proxy || !is_trusted, "{client}");
    assert_eq!(client, client.to_canonical());
    assert_eq!(host::fuzzing::forwarded_for(&[value, b",192.0.2.1"].concat()), Some(own));
    assert_eq!(host::fuzzing::forwarded_for(&[value, b", 192.0.2.1, 10.0.0.2"].concat()), Some(own));
    assert_eq!(host::fuzzing::forwarded_for(&[value, b",unknown"].concat()), Some(proxy));
});
