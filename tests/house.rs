//! Scenarios over the whole house, and the rules that keep it tidy.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "all of it is test code: to panic is how a test says what is wrong"
)]

mod house {
    mod access;
    mod audit;
    mod bucket;
    mod clouds;
    mod commands;
    mod copies;
    mod declared;
    mod descriptors;
    mod disk;
    mod hostile;
    mod imports;
    mod interrupted;
    mod large;
    mod left_out;
    mod likeness;
    mod live;
    mod lookalikes;
    mod members;
    mod names;
    mod once;
    mod operate;
    mod order;
    mod pages;
    mod passwords;
    mod places;
    mod privacy;
    mod progress;
    mod rebuild;
    mod report;
    mod reprocess;
    mod scans;
    mod shell;
    mod sidecars;
    mod speech;
    mod tidy;
    mod undeclared;
    mod upgrade;
    mod versions;
    mod worker;
}
