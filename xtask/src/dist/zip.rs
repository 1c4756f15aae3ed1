//! A ZIP archive of one program, as Lambda takes it.
//!
//! Equal programs give equal octets: no time of this machine, no owner, and a compressor whose
//! version `Cargo.lock` fixes. The names of the fields are those of APPNOTE.TXT, sections 4.3.7,
//! 4.3.12 and 4.3.16.

use std::io::{self, Write};

use flate2::{Compression, Crc, write::DeflateEncoder};

/// An archive of one executable file.
///
/// # Errors
///
/// The file has 4 GiB or more; Lambda takes 250 MiB.
pub(super) fn of(name: &str, content: &[u8]) -> io::Result<Vec<u8>> {
    let mut crc = Crc::new();
    crc.update(content);
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content)?;
    let compressed = encoder.finish()?;

    let mut described = Fields::default();
    described.short(VERSION).short(0).short(DEFLATED).short(MIDNIGHT).short(FIRST_DAY).long(crc.sum());
    described.long(size(&compressed)?).long(size(content)?).short(u16::try_from(name.len()).map_err(too_large)?);

    let mut archive = Fields::default();
    // The local header, without extra field.
    archive.octets(b"PK\x03\x04").octets(&described.0).short(0).octets(name.as_bytes()).octets(&compressed);
    let directory = size(&archive.0)?;
    // The central directory: no extra field, no comment, disk 0, no internal attributes; the local
    // header is at 0.
    archive.octets(b"PK\x01\x02").short(MADE_ON_UNIX).octets(&described.0).short(0).short(0).short(0).short(0);
    archive.long(EXECUTABLE).long(0).octets(name.as_bytes());
    let length = size(&archive.0)? - directory;
    // Its end: one disk, one entry on it and in all, no comment.
    archive.octets(b"PK\x05\x06").short(0).short(0).short(1).short(1).long(length).long(directory).short(0);
    Ok(archive.0)
}

fn size(octets: &[u8]) -> io::Result<u32> {
    u32::try_from(octets.len()).map_err(too_large)
}

fn too_large(error: std::num::TryFromIntError) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, error)
}

/// Numbers with the least significant octet first.
#[derive(Default)]
struct Fields(Vec<u8>);

impl Fields {
    fn short(&mut self, value: u16) -> &mut Self {
        self.octets(&value.to_le_bytes())
    }

    fn long(&mut self, value: u32) -> &mut Self {
        self.octets(&value.to_le_bytes())
    }

    fn octets(&mut self, value: &[u8]) -> &mut Self {
        self.0.extend_from_slice(value);
        self
    }
}

/// 2.0, the first that knows `DEFLATED`.
const VERSION: u16 = 20;
/// Unix, so that the attributes are a mode, and version 2.0.
const MADE_ON_UNIX: u16 = 3 << 8 | VERSION;
const DEFLATED: u16 = 8;
const MIDNIGHT: u16 = 0;
/// 1 January 1980, the first day that the format has.
const FIRST_DAY: u16 = 1 << 5 | 1;
/// A regular file, mode 0755.
const EXECUTABLE: u32 = 0o100_755 << 16;

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn a_program_gives_the_same_archive_on_every_machine_and_day() {
        let archive = of("bootstrap", &b"\x7fELF".repeat(1000)).unwrap();
        let digest: String = Sha256::digest(&archive).iter().map(|octet| format!("{octet:02x}")).collect();
        assert_eq!(digest, "50cd5407f09e49ddb406c269ede80938d965c9bbdc311c6969bcd415a05e80e7");
    }
}
