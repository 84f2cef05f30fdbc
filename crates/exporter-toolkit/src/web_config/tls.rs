//! Reads `tls_server_config`.

use std::path::PathBuf;

use rustls::crypto::SupportedKxGroup;
use rustls::crypto::aws_lc_rs::{ALL_CIPHER_SUITES, DEFAULT_KX_GROUPS};
use rustls::{ProtocolVersion, SupportedCipherSuite, SupportedProtocolVersion, version};

use super::go_names::{CLIENT_AUTH, CURVES, VERSIONS, find, suites};
use super::reader::{Entries, Reader};
use super::{ClientAuth, From, Material, Tls};
use crate::yaml::Node;

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
    pub(super) fn tls(&mut self, node: Option<&Node>) -> Option<Tls> {
        let place = "tls_server_config";
        let map = self.map(node, place, &TLS_KEYS);
        let certificate = self.material(&map, "cert");
        let key = self.material(&map, "key");
        let client_ca = self.material(&map, "client_ca");
        let auth = map.get("client_auth_type");
        let versions = self.versions(&map);
        let suites = self.suites(&map, &versions);
        let groups = self.groups(&map);
        self.switch(&map, "prefer_server_cipher_suites");
        let client_auth = match auth {
            Some(node) => self.named(node, "tls_server_config.client_auth_type", &CLIENT_AUTH),
            None => Some(ClientAuth::None),
        };
        let sans = self.texts(&map, "client_allowed_sans");
        let client_allowed_sans = sans.iter().map(|(_, text)| (*text).to_owned()).collect();
        let on = certificate.is_some() || key.is_some() || client_ca.is_some() || auth.is_some();
        if !on {
            if map.given.iter().any(|(key, _)| map.get(key).is_some()) {
                self.problem(map.line, place, "there is no certificate, so this would be plain HTTP: give cert_file and key_file, or take it away");
            }
            return None;
        }
        for (what, given) in [("cert", &certificate), ("key", &key)] {
            if given.is_none() {
                self.problem(map.line, place, &format!("TLS needs {what}_file or {what}"));
            }
        }
        let client_auth = client_auth?;
        self.client_auth(&map, client_auth, client_ca.is_some());
        Some(Tls {
            certificate: certificate?,
            key: key?,
            client_ca,
            client_auth,
            client_allowed_sans,
            versions,
            suites,
            groups,
        })
    }

    /// Checks that the settings for client certificates are consistent.
    fn client_auth(&mut self, map: &Entries<'_>, auth: ClientAuth, has_ca: bool) {
        if auth.verifies() && !has_ca {
            self.problem(map.line, map.place, "client_auth_type verifies certificates and needs client_ca_file or client_ca: without it any certificate of any public authority would do");
        }
        if has_ca && auth == ClientAuth::None {
            self.problem(map.line, map.place, "there is a client CA, and client_auth_type doesn't ask for a client's certificate: give RequireAndVerifyClientCert");
        }
        if let Some(node) = map.get("client_allowed_sans")
            && auth != ClientAuth::RequireAndVerify
        {
            self.problem(
                node.line,
                "tls_server_config.client_allowed_sans",
                "it needs client_auth_type: RequireAndVerifyClientCert",
            );
        }
    }

    /// The PEM text under `key`, or in the file under `key_file`, which wins.
    fn material(&mut self, map: &Entries<'_>, key: &str) -> Option<Material> {
        let file = format!("{key}_file");
        let inline = map.get(key);
        let (key, node, is_file) = match map.get(&file) {
            Some(node) => (&*file, node, true),
            None => (key, inline?, false),
        };
        let place = format!("{}.{key}", map.place);
        let text = self.text(node, &place)?;
        Some(Material {
            place: format!("line {}, {place}", node.line),
            from: if is_file {
                From::File(PathBuf::from(text))
            } else {
                From::Inline(text.to_owned().into())
            },
        })
    }

    fn versions(&mut self, map: &Entries<'_>) -> Vec<&'static SupportedProtocolVersion> {
        let mut limit = |key: &str, default| {
            let place = format!("{}.{key}", map.place);
            let given = map
                .get(key)
                .and_then(|node| Some((node.line, self.named(node, &place, &VERSIONS)?)));
            match given {
                Some((line, version)) => (line, u16::from(version)),
                None => (map.line, u16::from(default)),
            }
        };
        let (min_line, least) = limit("min_version", ProtocolVersion::TLSv1_2);
        let (max_line, most) = limit("max_version", ProtocolVersion::TLSv1_3);
        let oldest = u16::from(ProtocolVersion::TLSv1_2);
        if most < oldest {
            self.problem(
                max_line,
                "tls_server_config.max_version",
                "TLS 1.0 and 1.1 are broken and not spoken here: allowed is TLS12 or TLS13",
            );
        } else if most < least {
            self.problem(
                max_line,
                "tls_server_config.max_version",
                "it is below min_version",
            );
        }
        if least < oldest {
            self.warnings.push(format!(
                "line {min_line}, tls_server_config.min_version: TLS 1.0 and 1.1 are not spoken here; the oldest is TLS12"
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
        let spoken = |suite: &SupportedCipherSuite| {
            let own = suite.version().version;
            versions.iter().any(|version| version.version == own)
        };
        let every = || ALL_CIPHER_SUITES.iter().copied().filter(spoken);
        let Some(mut suites) = self.choice(map, "cipher_suites", &suites()) else {
            return every().collect();
        };
        suites.retain(spoken);
        let is_new =
            |suite: &SupportedCipherSuite| suite.version().version == ProtocolVersion::TLSv1_3;
        if !suites.iter().any(is_new) {
            suites.extend(every().filter(is_new));
        }
        if suites.is_empty() && !versions.is_empty() {
            self.problem(
                map.line,
                "tls_server_config.cipher_suites",
                "none of them fits the versions that min_version and max_version allow",
            );
        }
        suites
    }

    fn groups(&mut self, map: &Entries<'_>) -> Vec<&'static dyn SupportedKxGroup> {
        self.choice(map, "curve_preferences", &CURVES)
            .unwrap_or_else(|| DEFAULT_KX_GROUPS.to_vec())
    }

    /// Those of the names in a list for which rustls has something; `None` when there is no list or an
    /// empty one.
    fn choice<T: Copy>(
        &mut self,
        map: &Entries<'_>,
        key: &str,
        table: &[(&str, Option<T>)],
    ) -> Option<Vec<T>> {
        let place = format!("{}.{key}", map.place);
        let node = map.get(key)?;
        let before = self.problems.len();
        let names = self.texts(map, key);
        let mut found = Vec::new();
        for (line, name) in &names {
            match find(table, name) {
                Ok(Some(meaning)) => found.push(meaning),
                Ok(None) => self.warnings.push(format!(
                    "line {line}, {place}: {name} is not available here and is left out"
                )),
                Err(problem) => self.problem(*line, &place, &problem),
            }
        }
        if names.is_empty() {
            return None;
        }
        if found.is_empty() && self.problems.len() == before {
            self.problem(node.line, &place, "none of them is available here");
        }
        Some(found)
    }
}
