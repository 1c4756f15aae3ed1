//! Issuing CAs below an external CA: the certificate request, and the installation of the
//! certificate that was signed for it.

use std::collections::BTreeMap;

use acme::UnknownMembers;
use authority::{Failure, Rounds, applied};
use ca::{AuthorityName, AuthorityRequest, Certificate, Issuer};
use store::{CrlBackdate, Der, IssuerId, IssuerRecord, IssuerRole, IssuerState};

use crate::{
    Error, IssuerChanges, IssuerKey, IssuerRefusal,
    issuer::{certificate, check_new, described, issuing_ca},
};

impl IssuerChanges {
    /// Creates a request for the certificate of an issuing CA, for an external CA to sign. For an
    /// issuer that is already requested, it returns the same request.
    ///
    /// # Errors
    /// [`IssuerRefusal`]; when the key cannot be used.
    pub async fn request(
        &self,
        actor: &str,
        id: IssuerId,
        subject: AuthorityName,
        key: IssuerKey,
        crl_shards: u16,
    ) -> Result<IssuerRecord, Error> {
        let others = self.store.issuers().await?;
        let is_it = |other: &&IssuerRecord| other.id == id && other.state() == IssuerState::Requested;
        if let Some(requested) = others.iter().find(is_it) {
            return Ok(requested.clone());
        }
        check_new(&others, &id, &subject)?;
        self.audit.record(actor, "issuer request", &id, described(&subject, &key)).await?;
        let (key, public_key) = self.key_for(&id, key, &others).await?;
        let request = AuthorityRequest::sign(&subject, &public_key, self.signer.as_ref(), &key).await;
        let request = request.map_err(|error| match error {
            ca::AuthorityRequestError::Sign(error) => Failure::Sign(error),
            other => Failure::issuing(other),
        })?;
        self.keep_new(IssuerRecord {
            role: IssuerRole::Issuing,
            key,
            certificate: None,
            parent: id.clone(),
            crl_shards,
            crl_backdate: CrlBackdate::default(),
            request: Some(Der(request.der().to_vec())),
            chain: Vec::new(),
            retired_at: None,
            revocation: None,
            signer_request: None,
            unknown: UnknownMembers::default(),
            id,
        })
        .await
    }

    /// Installs the certificate that an external CA has signed for a requested issuer, together
    /// with those above it up to a root, in any order. The issuer is active from then on. Repeating
    /// it is harmless.
    ///
    /// # Errors
    /// [`IssuerRefusal`] with what is wrong with the certificates.
    pub async fn install(
        &self,
        actor: &str,
        id: &IssuerId,
        certificates: &[Certificate],
    ) -> Result<IssuerRecord, Error> {
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let all = self.store.issuers().await?;
            let before = issuing_ca(&all, id)?;
            let Some(Der(request)) = &before.request else {
                return Err(IssuerRefusal::NotRequested(id.clone()).into());
            };
            let request = AuthorityRequest::from_der(request).map_err(Failure::issuing)?;
            let own = certificates.iter().find(|certificate| certificate.public_key() == request.public_key());
            let own = own.ok_or_else(|| IssuerRefusal::OtherKey(id.clone()))?;
            let above = ca::path(own, certificates, self.clock.now()).map_err(IssuerRefusal::from)?;
            Issuer::new(own.clone()).and_then(|issuer| issuer.below(&above)).map_err(IssuerRefusal::from)?;
            check_subject(&all, id, own)?;
            let der = |certificate: &Certificate| Der(certificate.der().to_vec());
            let chain: Vec<Der> = above.iter().map(der).collect();
            let after = IssuerRecord { certificate: Some(der(own)), chain, ..before.clone() };
            match before.state() {
                IssuerState::Requested => {}
                _ if after == *before => return Ok(after),
                state => return Err(IssuerRefusal::Off(id.clone(), state).into()),
            }
            let root = above.last().map_or_else(String::new, Certificate::subject);
            let detail = BTreeMap::from([("name".to_owned(), own.subject()), ("root".to_owned(), root)]);
            self.audit.record(actor, "issuer install", id, detail).await?;
            if applied(self.store.update_issuer(before, &after).await)? {
                self.issuers.forget().await;
                self.crl_requests.request_missing(&after).await?;
                return Ok(after);
            }
        }
    }
}

/// Two CAs with the same subject could not be distinguished.
fn check_subject(all: &[IssuerRecord], id: &IssuerId, own: &Certificate) -> Result<(), Error> {
    for other in all.iter().filter(|other| other.id != *id) {
        if certificate(other)?.is_some_and(|certificate| certificate.has_subject_of(own)) {
            return Err(IssuerRefusal::SameName(other.id.clone()).into());
        }
    }
    Ok(())
}
