//! Tests of the built program: its output, its answers, its files, and how it ends.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "what does not go well fails the test"
)]

mod acme;
mod admin;
mod command_line;
mod configuration;
mod counts;
mod data_folder;
mod demo;
mod events;
mod full_disk;
mod http;
mod issuers;
mod log;
mod open;
mod places;
mod process;
mod profiles;
mod receiver;
mod restart;
mod restore;
mod site;
mod status;
mod stop;
mod supervision;
mod switches;
