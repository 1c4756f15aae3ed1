//! Lints for every certificate that was just built: it is the one that was asked for.

use acme::whole_seconds;

use super::{Examined, Fault, Report, Request, certificate, ensure};
use crate::time;

pub(super) fn check(examined: &Examined<'_>, request: &Request<'_>, report: &mut Report) {
    report.note("requested-serial-number", serial_number(examined, request));
    report.note("requested-public-key", public_key(examined, request));
    report.note("requested-validity", validity(examined, request));
    report.note("requested-pointers", pointers(examined, request));
}

fn serial_number(examined: &Examined<'_>, request: &Request<'_>) -> Result<(), Fault> {
    let octets = examined.tbs.serial_number().as_bytes();
    ensure(octets == request.serial.as_bytes(), "another serial number")
}

fn public_key(examined: &Examined<'_>, request: &Request<'_>) -> Result<(), Fault> {
    ensure(examined.key == *request.public_key, "another key")
}

fn validity(examined: &Examined<'_>, request: &Request<'_>) -> Result<(), Fault> {
    let validity = examined.tbs.validity();
    let begins = time::timestamp(&validity.not_before) == whole_seconds(request.not_before);
    let ends = time::timestamp(&validity.not_after) == whole_seconds(request.not_after);
    ensure(begins && ends, "another validity")
}

fn pointers(examined: &Examined<'_>, request: &Request<'_>) -> Result<(), Fault> {
    let [ca_issuers, crl] = certificate::pointers(examined)?;
    ensure(ca_issuers == request.pointers.ca_issuers, "another URL of the issuer")?;
    ensure(crl == request.pointers.crl, "another URL of the CRL")
}
