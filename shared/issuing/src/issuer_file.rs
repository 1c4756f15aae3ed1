//! The certificates of issuers, as files for relying parties.

use std::sync::Arc;

use authority::{Failure, PublishedObject, Publisher};
use ca::Certificate;
use store::{Der, IssuerId, IssuerRecord};

use crate::status_url::certificate_path;

/// Publishes the certificates of issuers.
pub struct IssuerFiles {
    publisher: Arc<dyn Publisher>,
}

impl IssuerFiles {
    /// Publishes with this publisher.
    pub fn new(publisher: Arc<dyn Publisher>) -> Self {
        Self { publisher }
    }

    /// Publishes the issuer's certificate, if it has one.
    ///
    /// # Errors
    /// It could not be published.
    pub async fn publish(&self, issuer: &IssuerRecord) -> Result<(), Failure> {
        match &issuer.certificate {
            Some(Der(certificate)) => self.publish_der(&issuer.id, certificate.clone()).await,
            None => Ok(()),
        }
    }

    pub(crate) async fn publish_certificate(&self, issuer: &IssuerId, own: &Certificate) -> Result<(), Failure> {
        self.publish_der(issuer, own.der().to_vec()).await
    }

    async fn publish_der(&self, issuer: &IssuerId, bytes: Vec<u8>) -> Result<(), Failure> {
        let path = certificate_path(issuer);
        let object = PublishedObject { path, media_type: "application/pkix-cert", max_age: DAY, bytes };
        Ok(self.publisher.publish(object).await?)
    }
}

const DAY: u32 = 24 * 60 * 60;
