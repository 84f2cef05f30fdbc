//! The alternative names of a certificate.
//!
//! webpki gives DNS and URI names only, and a whole X.509 library is much for one list in certificates that
//! webpki has already read and found good. So this walks down to that list, and finds nothing where the
//! bytes are not what they should be.

use std::net::IpAddr;

/// Tags of DER.
const BOOLEAN: u8 = 0x01;
const OCTETS: u8 = 0x04;
const OBJECT: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
/// The extensions in a certificate, RFC 5280, 4.1.
const EXTENSIONS: u8 = 0xa3;
/// `id-ce-subjectAltName`, RFC 5280, 4.2.1.6.
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];
/// `GeneralName`, RFC 5280, 4.2.1.6.
const EMAIL: u8 = 0x81;
const DNS: u8 = 0x82;
const URI: u8 = 0x86;
const ADDRESS: u8 = 0x87;

/// The DNS, email, IP and URI names of a certificate, as Go writes them.
pub(crate) fn alternative_names(certificate: &[u8]) -> Vec<String> {
    let Some(names) = find(certificate) else {
        return Vec::new();
    };
    elements(names)
        .filter_map(|(tag, value)| match tag {
            EMAIL | DNS | URI => String::from_utf8(value.to_vec()).ok(),
            ADDRESS => address(value).map(|address| address.to_string()),
            _ => None,
        })
        .collect()
}

fn find(certificate: &[u8]) -> Option<&[u8]> {
    let inside = |bytes, tag| elements(bytes).find(|(found, _)| *found == tag);
    let (_, certificate) = inside(certificate, SEQUENCE)?;
    let (_, signed) = inside(certificate, SEQUENCE)?;
    let (_, extensions) = inside(signed, EXTENSIONS)?;
    let (_, extensions) = inside(extensions, SEQUENCE)?;
    let value = elements(extensions).find_map(|(_, extension)| {
        let mut parts = elements(extension);
        let is_it = parts.next()? == (OBJECT, ALTERNATIVE_NAMES);
        let (tag, value) = parts.find(|(tag, _)| *tag != BOOLEAN)?;
        (is_it && tag == OCTETS).then_some(value)
    })?;
    let (_, names) = inside(value, SEQUENCE)?;
    Some(names)
}

/// The elements of a sequence: tags and values. Ends where the bytes are no DER.
fn elements(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (tag, value, rest) = element(bytes)?;
        bytes = rest;
        Some((tag, value))
    })
}

fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, length], mut rest) = bytes.split_first_chunk()?;
    let length = match length {
        0..=0x7f => usize::from(length),
        0x81..=0x84 => {
            let (digits, after) = rest.split_at_checked(usize::from(length & 0x7f))?;
            rest = after;
            digits
                .iter()
                .fold(0, |length, digit| length << 8 | usize::from(*digit))
        }
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((tag, value, rest))
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(IpAddr::from(bytes));
    }
    let bytes = <[u8; 16]>::try_from(bytes).ok()?;
    Some(IpAddr::from(bytes).to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, SanType};

    use super::*;

    fn certificate(names: Vec<SanType>) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = names;
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn each_kind_of_name() {
        let long = format!("{}.example.org", "a".repeat(200));
        let names = vec![
            SanType::DnsName("a.example.org".try_into().unwrap()),
            SanType::Rfc822Name("ops@example.org".try_into().unwrap()),
            SanType::IpAddress("192.0.2.7".parse().unwrap()),
            SanType::IpAddress("2001:db8::7".parse().unwrap()),
            SanType::IpAddress("::ffff:192.0.2.8".parse().unwrap()),
            SanType::URI("spiffe://example.org/x".try_into().unwrap()),
            SanType::DnsName(long.as_str().try_into().unwrap()),
        ];
        let found = alternative_names(&certificate(names));
        assert_eq!(
            found,
            [
                "a.example.org",
                "ops@example.org",
                "192.0.2.7",
                "2001:db8::7",
                "192.0.2.8",
                "spiffe://example.org/x",
                &long
            ]
        );
        assert!(alternative_names(&certificate(Vec::new())).is_empty());
    }

    #[test]
    fn a_damaged_certificate_has_no_other_names() {
        let name = SanType::DnsName("a.example.org".try_into().unwrap());
        let good = certificate(vec![name]);
        for end in 0..good.len() {
            assert!(alternative_names(&good[..end]).is_empty());
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            let _ = alternative_names(&bytes);
        }
    }
}
