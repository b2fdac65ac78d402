//! `madang`: reads the command line and the configuration, wires the parts, prints. No logic lives here.

mod announcement;
mod api;
mod arguments;
mod audit;
mod backends;
mod beside;
mod bucket_kind;
mod closing_line;
mod configuration;
mod data_folder;
mod engines;
mod extract;
mod failure;
mod given_key;
mod heaps;
mod idle;
mod interruption;
mod likenesses;
mod listen_address;
mod local_key;
mod log;
mod models;
mod modes;
mod operate;
mod overlap;
mod own_keys;
mod progress;
mod queue;
mod registry;
mod report;
mod reprocess;
mod retention_settings;
mod roles;
mod runtime;
mod search;
mod service_ports;
mod serving;
mod terminal;
mod terminal_locale;
mod top;
mod trials;
mod up;
mod versions;

use std::io::ErrorKind;
use std::process::ExitCode;

use clap::Parser;
use clap::error::{ContextKind, ContextValue};
use madang_document::shown::Shown;
use madang_sandbox::kit::Kit;

use crate::arguments::{Arguments, Command};
use crate::failure::Failure;

fn main() -> ExitCode {
    // Before anything is written: texts, keys and the ledger are for their owner alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    // The zygote is this very binary. It must not set anything up that its children would inherit.
    if let Some(kit) = Kit::asked(std::env::args_os().skip(1)) {
        let engines = || Ok(engines::load(Kit::for_engines(std::env::args_os().skip(1))));
        let served = madang_sandbox::serve::serve(kit, engines);
        return ExitCode::from(u8::try_from(served).unwrap_or(1));
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(mut error) => {
            show(&mut error);
            return match error.print() {
                Err(lost) if !error.use_stderr() && lost.kind() != ErrorKind::BrokenPipe => {
                    Failure::from(lost).report()
                }
                _ => ExitCode::from(if error.use_stderr() { failure::USAGE } else { 0 }),
            };
        }
    };
    heaps::bound();
    madang_store::tls::provide();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// A message of wrong usage repeats what was typed, which may be the name of somebody's file.
fn show(error: &mut clap::Error) {
    let shown = |text: &String| Shown::new(text).to_string();
    let typed: Vec<(ContextKind, ContextValue)> = error
        .context()
        .filter_map(|(kind, value)| match value {
            ContextValue::String(text) => Some((kind, ContextValue::String(shown(text)))),
            ContextValue::Strings(texts) => {
                Some((kind, ContextValue::Strings(texts.iter().map(shown).collect())))
            }
            _ => None,
        })
        .collect();
    for (kind, value) in typed {
        error.insert(kind, value);
    }
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        Command::Up(command) => up::run(command),
        Command::Extract(command) => match &command.report {
            Some(folder) => report::run(&command, folder),
            None => extract::run(&command),
        },
        Command::Search(command) => search::search(&command),
        Command::Show(command) => search::show(&command),
        Command::Versions(command) => versions::versions(&command),
        Command::Compare(command) => versions::compare(&command),
        Command::Queue(command) => queue::queue(&command),
        Command::Reprocess(command) => reprocess::run(&command),
        Command::Top(command) => top::run(&command),
        Command::Catalog(command) => registry::catalog(&command),
        Command::Index(command) => operate::index(&command),
        Command::Key(command) => operate::key(&command),
        Command::Audit(command) => audit::audit(&command),
        Command::Model(command) => models::model(&command),
        Command::Check(command) => operate::check(&command),
    }
}
