//! Moduli that can be factored: with small factors, with primes too close to each other, or of the
//! form of CVE-2017-15361 (ROCA).
//!
//! These checks run for every key that is parsed, including keys from storage, so they work on
//! machine words. Large integers are needed for one square root, and for a second one where a sieve
//! cannot rule out a factorization.

use rsa::BoxedUint;

use super::MAX_BITS;
use crate::WeakKey;

/// The first weakness found in a modulus of 2048 to 4096 bits, which is big-endian.
pub(super) fn find(modulus: &[u8]) -> Option<WeakKey> {
    let residues = small_residues(modulus);
    if residue(modulus, 2) == 0 || residues.iter().any(|(_, residue)| *residue == 0) {
        Some(WeakKey::SmallFactor)
    } else if has_roca_fingerprint(&residues) {
        Some(WeakKey::Roca)
    } else if has_close_primes(modulus) {
        Some(WeakKey::ClosePrimes)
    } else {
        None
    }
}

/// The remainders of the modulus for each small prime. Six primes share one pass over the modulus,
/// because their product fits into 64 bits.
fn small_residues(modulus: &[u8]) -> Vec<(u64, u64)> {
    let passes = SMALL_PRIMES.chunks(6).map(|primes| (primes, residue(modulus, primes.iter().product())));
    passes.flat_map(|(primes, residue)| primes.iter().map(move |prime| (*prime, residue % prime))).collect()
}

/// The remainder of a big-endian integer.
fn residue(octets: &[u8], divisor: u64) -> u64 {
    octets.chunks(8).fold(0, |residue, word| {
        let value = word.iter().fold(u128::from(residue), |value, octet| value << 8 | u128::from(*octet));
        (value % u128::from(divisor)) as u64
    })
}

/// The faulty generator makes primes of the form `k·M + 65537^a mod M`, where M is a product of the
/// first primes: modulo each of these, the RSA modulus is a power of 65537. About one sound modulus
/// in 2^27 has the same property.
///
/// Nemec, Sys, Svenda, Klinec, Matyas: "The Return of Coppersmith's Attack", 2017.
fn has_roca_fingerprint(residues: &[(u64, u64)]) -> bool {
    residues
        .iter()
        .take_while(|(prime, _)| *prime <= LARGEST_ROCA_PRIME)
        .all(|(prime, residue)| is_power_of_65537(*residue, *prime))
}

fn is_power_of_65537(residue: u64, prime: u64) -> bool {
    let generator = 65537 % prime;
    let mut power = 1;
    loop {
        if power == residue {
            return true;
        }
        power = power * generator % prime;
        if power == 1 {
            return false;
        }
    }
}

/// Fermat's method: n = a² − b² with a just above √n, if the two factors of n are close to each
/// other.
///
/// Large arithmetic is used for a candidate `a` only if a² − n is a square modulo every number of
/// the sieve.
fn has_close_primes(modulus: &[u8]) -> bool {
    let n = BoxedUint::from_be_slice_truncated(modulus, PRECISION);
    let floor = n.floor_sqrt_vartime();
    let n_residue = u128::from(residue(modulus, SIEVE_PRODUCT));
    let floor_residue = u128::from(residue(&floor.to_be_bytes(), SIEVE_PRODUCT));
    // Starts at zero, because n may be a square.
    (0..=FERMAT_ROUNDS).any(|round| {
        let a = floor_residue + u128::from(round);
        let difference = (a * a + u128::from(SIEVE_PRODUCT) - n_residue) % u128::from(SIEVE_PRODUCT);
        is_sieved_square(difference as u64) && is_square_above(&floor.wrapping_add(BoxedUint::from(round)), &n)
    })
}

/// Whether a² − n is a square, for a² ≥ n.
fn is_square_above(a: &BoxedUint, n: &BoxedUint) -> bool {
    let square = a.wrapping_square();
    square >= *n && square.wrapping_sub(n).checked_sqrt_vartime().is_some()
}

fn is_sieved_square(value: u64) -> bool {
    SIEVE.iter().all(|(modulus, squares)| squares >> (value % modulus) & 1 == 1)
}

/// A sieve entry: a modulus of at most 64, and the set of squares modulo it as bits.
const fn sieve(modulus: u64) -> (u64, u64) {
    let (mut squares, mut root) = (0, 0);
    while root < modulus {
        squares |= 1 << (root * root % modulus);
        root += 1;
    }
    (modulus, squares)
}

/// Together they pass about one in twenty thousand of the numbers that are not squares.
const SIEVE: [(u64, u64); 14] = [
    sieve(64),
    sieve(9),
    sieve(5),
    sieve(7),
    sieve(11),
    sieve(13),
    sieve(17),
    sieve(19),
    sieve(23),
    sieve(29),
    sieve(31),
    sieve(37),
    sieve(41),
    sieve(43),
];

/// The size of the large integers in bits: enough for a², which is a little larger than the
/// modulus.
const PRECISION: u32 = MAX_BITS as u32 + 64;

/// The product of the moduli of the sieve.
const SIEVE_PRODUCT: u64 = 64 * 9 * 5 * 7 * 11 * 13 * 17 * 19 * 23 * 29 * 31 * 37 * 41 * 43;

/// The number of candidates. It is enough to find the primes of a 2048-bit modulus that are less
/// than about 2^516 apart, as a faulty generator made them (CVE-2022-26320). Random primes are
/// about 2^1022 apart.
const FERMAT_ROUNDS: u64 = 100;

/// The largest prime in M for the smallest keys of the faulty generator; M of larger keys contains
/// it too.
const LARGEST_ROCA_PRIME: u64 = 167;

/// The odd primes below 752, the bound of partial validation in NIST SP 800-89 §5.3.3.
#[rustfmt::skip]
const SMALL_PRIMES: [u64; 132] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107,
    109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193, 197, 199, 211, 223, 227,
    229, 233, 239, 241, 251, 257, 263, 269, 271, 277, 281, 283, 293, 307, 311, 313, 317, 331, 337, 347, 349,
    353, 359, 367, 373, 379, 383, 389, 397, 401, 409, 419, 421, 431, 433, 439, 443, 449, 457, 461, 463, 467,
    479, 487, 491, 499, 503, 509, 521, 523, 541, 547, 557, 563, 569, 571, 577, 587, 593, 599, 601, 607, 613,
    617, 619, 631, 641, 643, 647, 653, 659, 661, 673, 677, 683, 691, 701, 709, 719, 727, 733, 739, 743, 751,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_the_odd_primes_up_to_751() {
        let is_prime = |n: &u64| (2..*n).all(|divisor| !n.is_multiple_of(divisor));
        assert_eq!(SMALL_PRIMES.to_vec(), (3..=751).filter(is_prime).collect::<Vec<_>>());
    }

    #[test]
    fn remainders_agree_with_the_large_integers() {
        let modulus = octets(FAR_PRIMES);
        for divisor in [2, 3, 751, 65537, SIEVE_PRODUCT, u64::MAX] {
            let expected =
                BoxedUint::from_be_slice_truncated(&modulus, PRECISION) % BoxedUint::from(divisor).to_nz().unwrap();
            assert_eq!(BoxedUint::from(residue(&modulus, divisor)), expected);
        }
        assert_eq!(residue(&[1, 0, 0, 0, 0, 0, 0, 0, 0, 7], 10), ((1u128 << 72) + 7).rem_euclid(10) as u64);
    }

    #[test]
    fn the_sieve_passes_every_square() {
        assert_eq!(SIEVE.iter().map(|(modulus, _)| modulus).product::<u64>(), SIEVE_PRODUCT);
        assert!((0..5000u64).all(|root| is_sieved_square(root * root)));
        assert!((0..100_000u64).filter(|value| is_sieved_square(*value)).count() < 320);
    }

    #[test]
    fn a_modulus_of_distant_random_primes_passes() {
        assert_eq!(find(&octets(FAR_PRIMES)), None);
    }

    #[test]
    fn threat_23_neighbouring_primes_are_found() {
        assert_eq!(find(&octets(ADJACENT_PRIMES)), Some(WeakKey::ClosePrimes));
    }

    #[test]
    fn threat_23_primes_that_fermat_finds_in_round_88_are_found() {
        assert_eq!(find(&octets(PRIMES_OF_ROUND_88)), Some(WeakKey::ClosePrimes));
    }

    #[test]
    fn threat_23_the_square_of_a_prime_is_found() {
        assert_eq!(find(&octets(SQUARE)), Some(WeakKey::ClosePrimes));
    }

    #[test]
    fn threat_23_a_modulus_of_the_faulty_generator_is_found() {
        assert_eq!(find(&octets(ROCA)), Some(WeakKey::Roca));
    }

    #[test]
    fn threat_23_small_factors_are_found() {
        assert_eq!(find(&octets(FACTOR_751)), Some(WeakKey::SmallFactor));
        let mut even = octets(FAR_PRIMES);
        *even.last_mut().unwrap() ^= 1;
        assert_eq!(find(&even), Some(WeakKey::SmallFactor));
    }

    fn octets(hex: &str) -> Vec<u8> {
        let hex = if hex.len().is_multiple_of(2) { hex.to_owned() } else { format!("0{hex}") };
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    // Products of two random primes of 1024 bits (but FACTOR_751), made for these tests.
    const FAR_PRIMES: &str = "\
        a8ddd79c4fca9a79cde2e0cc21b6adc5c1337c823a0f0d3aae24731525f3df7e7074eab4c14e7b2cb8e12f0f302839c8aa2f\
        944085fa2bb155ca373635a4e0ed8df507f9263414cb23cd051d9bd9d88254124910743681b0ac207cf9672ffb2608b87e5e\
        355ccea5fd1b8039979ec6e38c4ebe53a1763c54e1ad16042208c74becaeda6e37b9f025b2a2a58f242fed35aa22513ee113\
        d753abfb11c8eddf3b7f58c214f46a60d8f8a95c6e269545b3ad7296cc50376673b068910a6dafc70aa581ac7ac8d6015290\
        bf7fda2c3bdbf9ec05e2536aed6d111de31f7eb303a383e996518aa5e6fe8bc401c2413c9b2b1d5cee93a57c1e02f1900624\
        e4b258c96101";
    const ADJACENT_PRIMES: &str = "\
        a8ddd79c4fca9a79cde2e0cc21b6adc5c1337c823a0f0d3aae24731525f3df7e7074eab4c14e7b2cb8e12f0f302839c8aa2f\
        944085fa2bb155ca373635a4ddade20deea5043bcca7cc06e856078322807625ee468fcfab4b3a3a431d9f66ef2da9a31eb8\
        da587e87a2b4c39f07149b0917ef702b0272003218079b2d2faf8865220e12039cb551e9133478418f6e37c610ee4344e1d2\
        d24c2330799db0465482d7e5b2c11e339f066631ef498f48d1c3fafc617ec5cab284f66f1b3351864eb1362c0238bbded2dd\
        1e22e99f0e4c41f63d3de33c73d18e08f5f6f4d62c2c6c49c86279eded9bdc361330fe21fde47846bd1f4bb801dec160d89a\
        2cbe5960623f";
    const PRIMES_OF_ROUND_88: &str = "\
        a8ddd79c4fca9a79cde2e0cc21b6adc5c1337c823a0f0d3aae24731525f3df7e7074eab4c14e7b2cb8e12f0f302839c8aa2f\
        944085fa2bb155ca373635a4ddc16015593cfd079e58a0158d02b4fd2ac4815978674b2a14519ae5a878c615a5757bdd9ef6\
        ba7a986858d32c0aa677d81036a9abfff62c199ae8c17c0e395da4bfea383267da9b5b64eee59f3f460700d3fe7a727fb656\
        c10f977ef72b98993453312985cc46766a099cccf228e2fd002e50c9c7f67e4e02aeb18de916a4aecef661805489414540ae\
        85b3629f47b332a9f31754183d8e55634396f45e0e2745bda56eff76dde21289c3adf00728298ea77a665a723279a5585529\
        c0e5fbd3dcc3";
    const SQUARE: &str = "\
        a8ddd79c4fca9a79cde2e0cc21b6adc5c1337c823a0f0d3aae24731525f3df7e7074eab4c14e7b2cb8e12f0f302839c8aa2f\
        944085fa2bb155ca373635a4ddade20deea5043bcca7cc06e856078322807625ee468fcfab4b3a3a431d9f66ef2da9a31eb8\
        da587e87a2b4c39f07149b0917ef702b0272003218079b2d2faf8627bc093d0d1b49a42cb5306169f5a86f49c76cceacafd9\
        eb7b32293eb9a90837c21a57764f9cf325c978de1a40fea18e87ddc0ac1bc428470efa6884021f6fcc35b640c611e82887fa\
        b642484e6f73bbe59ed83f6d837b29049fa829039b9e572a194a028c75d93140887d405cb30dc4ac4e7263ae2578e0108fdb\
        9fd16351df61";
    const ROCA: &str = "\
        ccdce052522b36c0ed2f0fbfa51c3c2a27649950e1aef61ce498f887de2cfa6d51dcf8b7ac8e037e116330fc506be4168bae\
        74cf3df5eff5ee42fe0d3ece5b0466d7f2b0512176f2b1cbde35752fcac70c8724d4ef793e5ea2cb4d118a2e5fdb6544fbf3\
        85f8dbe7adfddc8ef5fb02618956c4f17d9a7b4d99c53509e5ce6243f5ec6ab09048c08246c7f9551f7722ae0581c70eac7c\
        48699e95340741836e410a099bedfdc226a367bd705446e319d7d14f69a0626d213f84588d02fb720f9328273b8c1a2279ee\
        ade5956bacbd900fffa21a686f092b2756089f2b5301ade5e88da3e4121ad07305a20c63161bc90d1e0d34a8fc0f9f5ae89d\
        40a8899c308d";
    const FACTOR_751: &str = "\
        1c5a9fe420d97e011695c681578e9e04c8df7935cf8c1085fd5b93ffbeeccb3c6835f89e79130688e958e7da67b4b3681376\
        8b80f8c09c1b26b4ce736abb8938d191a5b445732afbe8db9d0079399f7fd3a6a34799497ca722bec5e9910752aa062c65ed\
        ccd790f5810ca505530f046ac90dc99f573db0b0860cb61d0af72c73d62e29d191169acb58f030ab61e703668f9ab27d540d\
        dd973c09e3880c5545a2f6b8edd3680b92aec28fe6cb2ea64886903d350ed444a9d3f6d8241be5bbaa978d4bb986eb6b80fb\
        e23f80a52b077641c6dce1fad230a60e28890a5eb02ffd8801422f99700476d59820fcebaab4bbd49bf05335947618d64327\
        fdc85bc91e3f3";
}
