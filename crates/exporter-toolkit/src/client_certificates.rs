//! The verifier of client certificates: webpki's, and what it doesn't know: any certificate, and names.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use crate::san::alternative_names;

/// Accepts the certificate of a client that has its key.
#[derive(Debug)]
pub(crate) struct Verifier {
    /// Whether there must be one.
    pub(crate) mandatory: bool,
    /// Checks that it comes from a known authority; `None` for any certificate.
    pub(crate) known: Option<Arc<dyn ClientCertVerifier>>,
    /// It must have one of these names; any will do when there are none.
    pub(crate) allowed: Vec<String>,
    pub(crate) algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for Verifier {
    fn client_auth_mandatory(&self) -> bool {
        self.mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        let known = self.known.as_ref();
        known.map_or(&[], |known| known.root_hint_subjects())
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if let Some(known) = &self.known {
            known.verify_client_cert(certificate, intermediates, now)?;
        }
        let is_allowed = |name: &String| self.allowed.contains(name);
        if self.allowed.is_empty() || alternative_names(certificate).iter().any(is_allowed) {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
