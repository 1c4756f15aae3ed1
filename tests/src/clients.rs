//! Real ACME clients, run as their users run them, against any CA.
//!
//! A client gets a [`Target`] (the CA), a folder for all of its state, and the path of its program
//! ([`Tool`]). The machine's own configuration is neither read nor written, and no port below 1024
//! is used. `openssl` checks the certificates that it obtains ([`Certificate`]).
//!
//! There is a file for each client, which says what the client can do besides obtaining a
//! certificate, and what it needs from a CA that is not obvious from the RFC.

pub use acme_client::AcmeClient;
pub use acme_tiny::AcmeTiny;
pub use acmetool::Acmetool;
pub use caddy::Caddy;
pub use certbot::Certbot;
pub use certificate::{Certificate, CertificateKey};
pub use dehydrated::Dehydrated;
pub use failure::Failure;
pub use lego::{Challenge, Lego};
pub use library::Library;
pub use mod_md::ModMd;
pub use run::{Run, Service};
pub use story::Story;
pub use target::{Authority, Target};
pub use tool::Tool;
pub use traefik::Traefik;
pub use uacme::Uacme;
pub use webroot::Webroot;

mod acme_client;
mod acme_tiny;
mod acmetool;
mod caddy;
mod certbot;
mod certificate;
mod dehydrated;
mod failure;
mod hook;
mod lego;
mod library;
mod mod_md;
mod namespace;
mod run;
mod story;
mod target;
mod tool;
mod traefik;
mod uacme;
mod webroot;
