//! Reads `tls_server_config`.

use rustls::crypto::aws_lc_rs::{ALL_CIPHER_SUITES, DEFAULT_KX_GROUPS};
use rustls::{ProtocolVersion, SupportedCipherSuite, SupportedProtocolVersion, version};

use super::go_names::{CLIENT_AUTH, CURVES, VERSIONS, suites};
use super::reader::{Entries, Field, Reader};
use super::{ClientAuth, From, Material, Tls};

const TLS_KEYS: [&str; 13] = [
    "cert_file",
    "cert",
    "key_file",
    "key",
    "client_ca_file",
    "client_ca",
    "client_auth_type",
    "client_allowed_sans",
    "min_version",
    "max_version",
    "cipher_suites",
    "prefer_server_cipher_suites",
    "curve_preferences",
];

impl Reader {
    pub(super) fn tls(&mut self, field: Field<'_>) -> Option<Tls> {
        let map = self.map(field, &TLS_KEYS);
        let certificate = self.material(&map, "cert");
        let key = self.material(&map, "key");
        let client_ca = self.material(&map, "client_ca");
        let auth = map.get("client_auth_type");
        let versions = self.versions(&map);
        let suites = self.suites(&map, &versions);
        let groups = self.choice(&map, "curve_preferences", &CURVES);
        self.switch(map.get("prefer_server_cipher_suites"));
        let client_auth = match &auth {
            Some(field) => self.named(field, &CLIENT_AUTH),
            None => Some(ClientAuth::None),
        };
        let sans = map.get("client_allowed_sans");
        let names = sans.as_ref().map_or(Vec::new(), |sans| self.items(sans));
        let names = names.iter().filter_map(|name| self.text(name));
        let client_allowed_sans = names.map(str::to_owned).collect();
        let on = certificate.is_some() || key.is_some() || client_ca.is_some() || auth.is_some();
        if !on {
            if map.given.iter().any(|(key, _)| map.get(key).is_some()) {
                self.problem(&map.field, "there is no certificate, so this would be plain HTTP: give cert_file and key_file, or take it away");
            }
            return None;
        }
        for (what, given) in [("cert", &certificate), ("key", &key)] {
            if given.is_none() {
                self.problem(&map.field, &format!("TLS needs {what}_file or {what}"));
            }
        }
        let client_auth = client_auth?;
        if client_auth.verifies() && client_ca.is_none() {
            self.problem(&map.field, "client_auth_type verifies certificates and needs client_ca_file or client_ca: without it any certificate of any public authority would do");
        }
        if client_ca.is_some() && client_auth == ClientAuth::None {
            self.problem(&map.field, "there is a client CA, and client_auth_type doesn't ask for a client's certificate: give RequireAndVerifyClientCert");
        }
        if let Some(sans) = sans.filter(|_| client_auth != ClientAuth::RequireAndVerify) {
            self.problem(
                &sans,
                "it needs client_auth_type: RequireAndVerifyClientCert",
            );
        }
        Some(Tls {
            certificate: certificate?,
            key: key?,
            client_ca,
            client_auth,
            client_allowed_sans,
            versions,
            suites,
            groups: groups.unwrap_or_else(|| DEFAULT_KX_GROUPS.to_vec()),
        })
    }

    /// The PEM text under `key`, or in the file under `key_file`, which wins.
    fn material(&mut self, map: &Entries<'_>, key: &str) -> Option<Material> {
        let file = map.get(&format!("{key}_file"));
        let is_file = file.is_some();
        let field = file.or_else(|| map.get(key))?;
        let text = self.text(&field)?.into();
        Some(Material {
            place: field.to_string(),
            from: if is_file {
                From::File(text)
            } else {
                From::Inline(text)
            },
        })
    }

    fn versions(&mut self, map: &Entries<'_>) -> Vec<&'static SupportedProtocolVersion> {
        let mut limit = |key: &str, default| {
            let field = map.get(key);
            let version = field
                .as_ref()
                .and_then(|field| self.named(field, &VERSIONS));
            let version = u16::from(version.unwrap_or(default));
            (field.unwrap_or_else(|| map.place_of(key)), version)
        };
        let (min, least) = limit("min_version", ProtocolVersion::TLSv1_2);
        let (max, most) = limit("max_version", ProtocolVersion::TLSv1_3);
        let oldest = u16::from(ProtocolVersion::TLSv1_2);
        if most < oldest {
            self.problem(
                &max,
                "TLS 1.0 and 1.1 are broken and not spoken here: allowed is TLS12 or TLS13",
            );
        } else if most < least {
            self.problem(&max, "it is below min_version");
        }
        if least < oldest {
            self.warnings.push(format!(
                "{min}: TLS 1.0 and 1.1 are not spoken here; the oldest is TLS12"
            ));
        }
        [&version::TLS12, &version::TLS13]
            .into_iter()
            .filter(|version| (least..=most).contains(&u16::from(version.version)))
            .collect()
    }

    /// As in Go, a list without a suite of TLS 1.3 says nothing of that version.
    fn suites(
        &mut self,
        map: &Entries<'_>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Vec<SupportedCipherSuite> {
        let spoken = |suite: &SupportedCipherSuite| versions.contains(&suite.version());
        let every = || ALL_CIPHER_SUITES.iter().copied().filter(spoken);
        let Some(mut suites) = self.choice(map, "cipher_suites", &suites()) else {
            return every().collect();
        };
        suites.retain(spoken);
        let is_new = |suite: &SupportedCipherSuite| suite.tls13().is_some();
        if !suites.iter().any(is_new) {
            suites.extend(every().filter(is_new));
        }
        if suites.is_empty() && !versions.is_empty() {
            let place = map.place_of("cipher_suites");
            self.problem(
                &place,
                "none of them fits the versions that min_version and max_version allow",
            );
        }
        suites
    }

    /// Those of the names in a list for which rustls has something; `None` when there is no list or an
    /// empty one.
    fn choice<T: Copy>(
        &mut self,
        map: &Entries<'_>,
        key: &str,
        table: &[(&str, Option<T>)],
    ) -> Option<Vec<T>> {
        let field = map.get(key)?;
        let before = self.problems.len();
        let items = self.items(&field);
        let mut found = Vec::new();
        for item in &items {
            match self.named(item, table) {
                Some(Some(meaning)) => found.push(meaning),
                Some(None) => {
                    let name = self.text(item).unwrap_or_default();
                    self.warnings.push(format!(
                        "{item}: {name} is not available here and is left out"
                    ));
                }
                None => {}
            }
        }
        if items.is_empty() {
            return None;
        }
        if found.is_empty() && self.problems.len() == before {
            self.problem(&field, "none of them is available here");
        }
        Some(found)
    }
}
