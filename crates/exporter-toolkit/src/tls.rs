//! Builds rustls' server configuration from PEM certificates and keys.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig};
use secrecy::ExposeSecret as _;

use crate::client_certificates::Verifier;
use crate::files::Files;
use crate::web_config::{ClientAuth, From, Material, Tls};

/// Builds the TLS configuration of a server.
///
/// # Errors
///
/// All problems of the certificates and keys, each with its line and key in the web configuration. File names
/// aren't shown: people paste secrets where paths belong.
pub(crate) fn server_config(tls: &Tls, files: &mut Files) -> Result<ServerConfig, Vec<String>> {
    let provider = Arc::new(CryptoProvider {
        cipher_suites: tls.suites.clone(),
        kx_groups: tls.groups.clone(),
        ..aws_lc_rs::default_provider()
    });
    let mut problems = Vec::new();
    let mut note = |place: &str, problem: String| problems.push(format!("{place}: {problem}"));
    let chain = certificates(&tls.certificate, files)
        .map_err(|problem| note(&tls.certificate.place, problem));
    let key = private_key(&tls.key, files).map_err(|problem| note(&tls.key.place, problem));
    let roots = tls
        .client_ca
        .as_ref()
        .map(|ca| authorities(ca, files).map_err(|problem| note(&ca.place, problem)));
    let (Ok(chain), Ok(key), Ok(roots)) = (chain, key, roots.transpose()) else {
        return Err(problems);
    };
    let certified = CertifiedKey::from_der(chain, key, &provider).map_err(|error| {
        let problem = match error {
            rustls::Error::InconsistentKeys(_) => {
                "the key and the certificate do not match".to_owned()
            }
            error => format!("the certificate and this key can't be used: {error}"),
        };
        vec![format!("{}: {problem}", tls.key.place)]
    })?;
    let failed = |error: &dyn std::fmt::Display| vec![format!("tls_server_config: {error}")];
    let verifier = client_verifier(tls, roots, &provider).map_err(|error| failed(&error))?;
    let builder = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&tls.versions)
        .map_err(|error| failed(&error))?;
    let builder = if tls.client_auth == ClientAuth::None {
        builder.with_no_client_auth()
    } else {
        builder.with_client_cert_verifier(Arc::new(verifier))
    };
    let mut config =
        builder.with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(certified)));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn client_verifier(
    tls: &Tls,
    roots: Option<RootCertStore>,
    provider: &Arc<CryptoProvider>,
) -> Result<Verifier, VerifierBuilderError> {
    let known = if tls.client_auth.verifies() {
        let roots = Arc::new(roots.unwrap_or_else(RootCertStore::empty));
        let builder = WebPkiClientVerifier::builder_with_provider(roots, provider.clone());
        Some(builder.build()?)
    } else {
        None
    };
    Ok(Verifier {
        mandatory: tls.client_auth.requires(),
        known,
        allowed: tls.client_allowed_sans.clone(),
        algorithms: provider.signature_verification_algorithms,
    })
}

fn certificates(
    material: &Material,
    files: &mut Files,
) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = text(material, files)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(
            "there is no certificate in it: a PEM text with BEGIN CERTIFICATE is wanted".to_owned(),
        ),
        Err(error) => Err(unreadable(&error)),
    }
}

fn private_key(material: &Material, files: &mut Files) -> Result<PrivateKeyDer<'static>, String> {
    let text = text(material, files)?;
    PrivateKeyDer::from_pem_slice(text).map_err(|error| match error {
        pem::Error::NoItemsFound => {
            "there is no key in it that can be used: a PEM text with BEGIN PRIVATE KEY is wanted, not an encrypted one".to_owned()
        }
        error => unreadable(&error),
    })
}

fn authorities(material: &Material, files: &mut Files) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(material, files)? {
        roots
            .add(certificate)
            .map_err(|error| format!("a certificate in it can't be used: {error}"))?;
    }
    Ok(roots)
}

/// Describes a PEM error without the crate's own message, which quotes the text.
fn unreadable(error: &pem::Error) -> String {
    let what = match error {
        pem::Error::MissingSectionEnd { .. } => "a section of it has no end",
        pem::Error::Base64Decode(_) => "a section of it isn't base64",
        _ => "a section of it is malformed",
    };
    format!("invalid PEM: {what}")
}

fn text<'t>(material: &'t Material, files: &'t mut Files) -> Result<&'t [u8], String> {
    match &material.from {
        From::Inline(text) => Ok(text.expose_secret().as_bytes()),
        From::File(name) => files.get(Path::new(name.expose_secret())),
    }
}
