use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use madang_document::failure_kind::FailureKind;
use madang_document::timestamp::Timestamp;
use madang_extract::options::{Ocr, Speech};

/// 마당 Madang: turns drop folders into one searchable, catalogued collection.
#[derive(Debug, Parser)]
#[command(name = "madang", version, arg_required_else_help = true, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything in one process: sources, workers, indexer, relay, HTTP
    Up(Up),
    /// Extract files or folders without a service: print their text, or one JSON object per line
    Extract(Extract),
    /// Search a running service, or the data folder when none runs
    Search(Search),
    /// Show a document: properties, outcome, text
    Show(Show),
    /// List what a document is and what it was before
    Versions(Versions),
    /// Show what differs between two versions of a document
    Compare(Compare),
    /// Operate the queues
    Queue(Queue),
    /// Read files again that an older or worse reader read, or only see what would change
    Reprocess(Reprocess),
    /// Watch the queues live in the terminal
    Top(Top),
    /// Read the registry: entries, changes, export; or make it anew
    Catalog(Catalog),
    /// Rebuild or verify the search index
    Index(Index),
    /// Make, list and revoke API keys
    Key(Key),
    /// Read the audit trail, or check that nobody changed it
    Audit(Audit),
    /// Take a model for speech from a file, list those that are there, choose or remove one
    Model(Model),
    /// Check the configuration and the pipelines
    Check(Check),
}

/// Where the data lies, and how to reach a running service.
#[derive(Args, Clone, Debug)]
pub(crate) struct ServiceOptions {
    /// Data folder
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Address of a running service, as in http://127.0.0.1:8484; without it the one that runs on the data
    /// folder is asked, or the data folder itself
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// API key; also read from MADANG_KEY. Where no service runs, too, only what it may see is shown
    #[arg(long, global = true, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// Configuration file; `madang.toml` is read if it is there
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  madang up                              every pipelines/*.toml
  madang up pipelines/press.toml         one pipeline
  madang up ~/Documents --once           read a folder, then exit
  madang up s3://drop/press --listen 0.0.0.0:8484
  madang up gs://drop/press az://container/press

What lies beside a file and describes it is read with it: NAME.meta.yml, NAME.meta.json,
NAME.xmp, and manifest.csv or metadata.csv with a row for each file of their folder.")]
pub(crate) struct Up {
    /// Pipelines, folders or addresses (s3://bucket/prefix, gs://…, az://…); without any, every pipelines/*.toml
    #[arg(value_name = "PIPELINE.toml|FOLDER|URL")]
    pub(crate) sources: Vec<OsString>,
    /// Data folder
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Address to listen on; port 0 takes any free one
    #[arg(long, value_parser = crate::listen_address::parse, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Objects worked on at the same time; one per core without it
    #[arg(long, value_parser = from_one, value_name = "N")]
    pub(crate) workers: Option<NonZeroUsize>,
    /// Parts to run in this process
    #[arg(long, value_enum, value_delimiter = ',', value_name = "ROLE")]
    pub(crate) roles: Vec<RoleName>,
    /// Exit when all that was there is settled, indexed and catalogued, as far as --roles do so
    #[arg(long)]
    pub(crate) once: bool,
    /// Configuration file, with [limits], [retention], stores and registries; `madang.toml` is read if it is there
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleName {
    Source,
    Worker,
    Indexer,
    Cataloguer,
    Relay,
    Eraser,
    Http,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  madang extract report.hwp
  madang extract --json --jobs 4 ~/Documents > all.jsonl
  madang extract --report figures ~/Documents
  madang extract --report figures --reference texts collection
  madang extract --model ggml-small.bin briefing.mp4

What lies beside a file and describes it is read with it, as in a service: NAME.meta.yml,
NAME.meta.json, NAME.xmp, and manifest.csv or metadata.csv of its folder, or of those above
it up to the folder that was named.

What is said of files on standard error stands in Korean where the first of LC_ALL, LC_MESSAGES
and LANG that is set names Korean (ko_KR.UTF-8), in English otherwise; --json has both languages.

Exit code: 0; 1 if a file could not be read at all (with --json and --report what they write says so, and the code is 0); 2 if a path is not there")]
pub(crate) struct Extract {
    /// Files or folders
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// One JSON object per document and line; members of archives and mails follow their file
    #[arg(long)]
    pub(crate) json: bool,
    /// Files worked on at the same time; without it 1, for a report one per core
    #[arg(long, value_parser = count::<{ u32::MAX }>, value_name = "N")]
    pub(crate) jobs: Option<u32>,
    /// Print no text: measure, and write report.txt, report.json and report.html into this folder, which is made, or
    /// holds an earlier report (in the language of standard error)
    #[arg(long, conflicts_with = "json", value_name = "DIR")]
    pub(crate) report: Option<PathBuf>,
    /// Folder of the texts that should be read: those of PATH/a/b.hwp are DIR/a/b.hwp.txt and DIR/a/b.hwp.*.txt
    /// (where several PATHs are given, with the name of each in front); the report tells the token F1 against the nearest
    #[arg(long, requires = "report", value_name = "DIR")]
    pub(crate) reference: Option<PathBuf>,
    /// Passwords that locked files are tried with: a file of yours with mode 600, one password on each line (UTF-8), at
    /// most 100 of 256 bytes
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// Leave out what lies beside a file and describes it
    #[arg(long)]
    pub(crate) no_sidecars: bool,
    /// Make no previews of pictures and films, nor tell what only they tell (picture_fingerprint, key_frames); with --ocr never, pixels are not decoded, and their damage is not seen
    #[arg(long)]
    pub(crate) no_previews: bool,
    /// Whether text in pictures is recognised: never, auto (where some is likely, and on pages without text), always
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = when::<Ocr>)]
    pub(crate) ocr: Ocr,
    /// Whether speech is written down, where there is a model: never, auto (where a voice is likely, and no subtitles say it
    /// already), always
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = when::<Speech>)]
    pub(crate) speech: Speech,
    /// Model that speech is written down by (ggml, as whisper.cpp reads it); without it the one of the configuration, or of
    /// the data folder
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
    /// Configuration file, for its [limits] and models; `madang.toml` is read if it is there
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  madang search '데이터기반행정'
  madang search '\"침수 대응\"' --kind video --from 2026-01
  madang search 'budget*' --json --limit 50
  madang search '' --ocr doubtful --sort newest")]
pub(crate) struct Search {
    /// Words, "phrases", prefix*, -without
    #[arg(allow_hyphen_values = true)]
    pub(crate) query: String,
    #[command(flatten)]
    pub(crate) place: ServiceOptions,
    /// Only of these agencies (7-digit codes)
    #[arg(long, value_name = "CODE")]
    pub(crate) agency: Vec<String>,
    /// Only of these kinds: document, table, text, mail, image, video, audio, archive, other
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Vec<String>,
    /// Only of these media types
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) media_type: Vec<String>,
    /// Only in these languages
    #[arg(long, value_name = "CODE")]
    pub(crate) lang: Vec<String>,
    /// Only those that ended so, as in partial
    #[arg(long, value_name = "OUTCOME")]
    pub(crate) outcome: Vec<String>,
    /// Only those of which this is why they were not read, or not whole, or what was noted of it, as in left_alone
    #[arg(long, value_name = "REASON")]
    pub(crate) reason: Vec<String>,
    /// Only of these pipelines
    #[arg(long, allow_hyphen_values = true, value_name = "PIPELINE")]
    pub(crate) pipeline: Vec<String>,
    /// Only what lies there: a whole path, or a folder
    #[arg(long, allow_hyphen_values = true, value_name = "PATH")]
    pub(crate) path: Option<String>,
    /// Only those in whose pictures and scans something was recognised: good, or doubtful (a page is probably read badly)
    #[arg(long, value_name = "HOW")]
    pub(crate) ocr: Option<String>,
    /// Not before this date (2026, 2026-11, 2026-11-23)
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<String>,
    /// Before this date
    #[arg(long, value_name = "DATE")]
    pub(crate) to: Option<String>,
    /// Order: score, newest, oldest
    #[arg(long, value_name = "ORDER")]
    pub(crate) sort: Option<String>,
    /// Hits at most, 1 to 100
    #[arg(long, default_value_t = 10, value_parser = count::<100>, value_name = "N")]
    pub(crate) limit: u32,
    /// Print the service's answer as it is
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// Document id
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) place: ServiceOptions,
    /// Print the service's answer as it is
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "Example:
  madang versions 8f1c0d5e-2f0e-5f0b-9d5e-0c8f6a1b2c3d

The last five versions of a document are kept, newest first, for a year unless `versions_days` in [retention]
says otherwise. One is what was recorded until the text, outcome, properties or members changed; the same read
again makes none. A document that is withdrawn loses all of them at once.")]
pub(crate) struct Versions {
    /// Document id
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) place: ServiceOptions,
    /// Print the service's answer as it is
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  madang compare 8f1c0d5e-2f0e-5f0b-9d5e-0c8f6a1b2c3d                   the last change
  madang compare 8f1c0d5e-2f0e-5f0b-9d5e-0c8f6a1b2c3d --from 1 --to 3

The numbers are the revisions that `madang versions` lists.")]
pub(crate) struct Compare {
    /// Document id
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) place: ServiceOptions,
    /// The revision before; without it the version before --to
    #[arg(long, value_parser = numbered, value_name = "REVISION")]
    pub(crate) from: Option<i64>,
    /// The revision after; without it the present one
    #[arg(long, value_parser = numbered, value_name = "REVISION")]
    pub(crate) to: Option<i64>,
    /// Print the service's answer as it is
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Queue {
    #[command(flatten)]
    pub(crate) place: ServiceOptions,
    /// Print the service's answer as it is
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) act: Option<QueueAct>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum QueueAct {
    /// List the queues with their counts, or, with any of the options, jobs
    Ls {
        /// Only jobs of this state: ready, waiting, leased, done, quarantined, cancelled
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
        /// Only of this queue
        #[arg(long, allow_hyphen_values = true, value_name = "QUEUE")]
        queue: Option<String>,
        /// Jobs at most, 1 to 500; 50 if not said
        #[arg(long, value_parser = count::<500>, value_name = "N")]
        limit: Option<u32>,
    },
    /// List what lies in the sources and is not taken, with the reason
    LeftOut {
        /// Rows at most
        #[arg(long, default_value_t = 100, value_parser = count::<{ u32::MAX }>, value_name = "N")]
        limit: u32,
    },
    /// List what was passed over so that the rest could go on, with the reason
    Noted {
        /// Rows at most
        #[arg(long, default_value_t = 100, value_parser = count::<{ u32::MAX }>, value_name = "N")]
        limit: u32,
    },
    /// Do again what was passed over: all of it, one, or all of a kind
    Redo {
        /// Number of a note
        #[arg(value_parser = numbered)]
        note: Option<i64>,
        /// Only of this kind: record_refused, text_lost, preview_lost, document_unreadable, entry_unreadable, entry_refused, object_refused
        #[arg(long, value_name = "KIND", conflicts_with = "note")]
        kind: Option<String>,
    },
    /// Show a job
    Show {
        /// Job number
        #[arg(value_parser = numbered)]
        job: i64,
    },
    /// Stop claims from a queue
    Pause {
        /// Queue
        #[arg(allow_hyphen_values = true)]
        queue: String,
    },
    /// Resume claims from a queue
    Resume {
        /// Queue
        #[arg(allow_hyphen_values = true)]
        queue: String,
    },
    /// Confirm that a mass disappearance is real: the files are withdrawn, by the service that runs or by the next run
    Release {
        /// Queue
        #[arg(allow_hyphen_values = true)]
        queue: String,
        /// Also while the source itself is away: it will not be back
        #[arg(long)]
        yes: bool,
    },
    /// Make a quarantined, discarded or waiting job ready again
    Retry {
        /// Job number
        #[arg(value_parser = numbered)]
        job: i64,
    },
    /// Make all quarantined jobs ready again, or all that an older reader read or an older stage looked at
    Redrive {
        /// Only of this queue
        #[arg(long, allow_hyphen_values = true, value_name = "QUEUE")]
        queue: Option<String>,
        /// Only with this reason
        #[arg(long, value_name = "REASON", value_parser = reasons())]
        reason: Option<String>,
        /// Instead: everything read by this format in a version below the present one
        #[arg(long, value_name = "FORMAT", conflicts_with_all = ["queue", "reason"])]
        format: Option<String>,
        /// Instead: everything at which this stage looked in a version below the present one, or not at all
        #[arg(long, value_name = "STAGE", conflicts_with_all = ["queue", "reason", "format"])]
        stage: Option<String>,
        /// Of a format or a stage, this version in the place of the present one
        #[arg(long, value_name = "VERSION", conflicts_with_all = ["queue", "reason"])]
        below: Option<u32>,
    },
    /// Discard a quarantined job: it leaves the list, and its document is withdrawn (the file stays where it is)
    Drop {
        /// Job number
        #[arg(value_parser = numbered)]
        job: i64,
    },
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  madang reprocess --outdated --dry-run
  madang reprocess --format hwp5 --since 2026-11 --yes
  madang reprocess --media audio --yes      # a model for speech was installed
  madang reprocess --outcome partial --path '2026/**/*.pdf' --dry-run --json

Files are read again after everything else that waits, and what comes out the same is no news.
Where no service runs, --dry-run reads the files by itself, and the next `madang up` reads what was chosen.")]
pub(crate) struct Reprocess {
    #[command(flatten)]
    pub(crate) place: ServiceOptions,
    /// Only files of this format, as in hwp5, or with a member of it; none for those that no format fits
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<String>,
    /// Only pictures, films or sound, or what has one as a member: image, video, audio
    #[arg(long, value_name = "MEDIA")]
    pub(crate) media: Option<String>,
    /// Only files that ended so, as in partial, or with a member that did
    #[arg(long, value_name = "OUTCOME")]
    pub(crate) outcome: Option<String>,
    /// Only files whose path in their source fits this pattern, as in '2026/**/*.hwp'
    #[arg(long, value_parser = glob, value_name = "GLOB")]
    pub(crate) path: Option<String>,
    /// Only files that were last read on this date or later (2026, 2026-11, 2026-11-23)
    #[arg(long, value_name = "DATE")]
    pub(crate) since: Option<String>,
    /// Only of this pipeline
    #[arg(long, allow_hyphen_values = true, value_name = "PIPELINE")]
    pub(crate) pipeline: Option<String>,
    /// Only of these agencies (7-digit codes)
    #[arg(long, value_name = "CODE")]
    pub(crate) agency: Vec<String>,
    /// Only files that another version of their format read than the present one
    #[arg(long)]
    pub(crate) outdated: bool,
    /// Read them and print what would change, without recording anything
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Have them read again without asking
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) yes: bool,
    /// Print JSON: with --dry-run a line for each file, then one with the counts
    #[arg(long)]
    pub(crate) json: bool,
    /// Where no service runs, for --dry-run alone: the pipelines that the files are of; without any, every pipelines/*.toml.
    /// Which files are tried or read again --pipeline says
    #[arg(value_name = "PIPELINE.toml|FOLDER|URL")]
    pub(crate) sources: Vec<OsString>,
}

#[derive(Args, Debug)]
pub(crate) struct Top {
    #[command(flatten)]
    pub(crate) place: ServiceOptions,
}

#[derive(Args, Debug)]
pub(crate) struct Catalog {
    #[command(flatten)]
    pub(crate) place: ServiceOptions,
    #[command(subcommand)]
    pub(crate) act: CatalogAct,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogAct {
    /// List the entries
    Ls {
        /// Entries at most
        #[arg(long, default_value_t = 50, value_parser = count::<{ u32::MAX }>, value_name = "N")]
        limit: u32,
    },
    /// Print an entry as JSON-LD
    Show {
        /// Entry id: a document's id, or series-PIPELINE
        id: String,
    },
    /// Write every entry as a JSON-LD file into a folder
    Export {
        /// Folder
        folder: PathBuf,
    },
    /// Make the registry anew from the ledger and the declarations; no service may run on the data folder
    Rebuild {
        /// Pipelines, folders or addresses; without any, every pipelines/*.toml
        #[arg(value_name = "PIPELINE.toml|FOLDER|URL")]
        sources: Vec<OsString>,
    },
    /// Print the changes after a number, one JSON object per line
    Changes {
        /// Number
        #[arg(long, default_value_t = 0, value_parser = passed, value_name = "SEQ")]
        after: u64,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Index {
    /// Data folder
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Configuration file; `madang.toml` is read if it is there
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) act: IndexAct,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum IndexAct {
    /// Remove the index and build it anew from the ledger
    Rebuild,
    /// Compare the index with the ledger: every live document exactly once, and nothing else
    Verify,
}

#[derive(Args, Debug)]
pub(crate) struct Key {
    /// Data folder
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Configuration file; `madang.toml` is read if it is there
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) act: KeyAct,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyAct {
    /// Make a key and print it once
    New {
        /// What it is for
        name: String,
        /// What its bearer may do: search, drop, operate, admin
        #[arg(long, value_delimiter = ',', default_value = "search", value_name = "ROLE")]
        roles: Vec<String>,
        /// Whose objects its bearer may see (7-digit codes); all without it
        #[arg(long, value_delimiter = ',', value_name = "CODE")]
        agencies: Vec<String>,
    },
    /// List the keys
    Ls,
    /// Revoke a key
    Revoke {
        /// Key number
        #[arg(value_parser = numbered)]
        id: i64,
    },
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  madang audit verify
  madang audit ls --since 2026-11-23 --action key.new
  madang audit ls --json > audit.jsonl

Both only read, also while a service runs. The trail tells who did what: sign-ins, keys, queues and jobs,
and what was read and withdrawn. Each row has a hash over itself and the row before it.")]
pub(crate) struct Audit {
    /// Data folder
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Configuration file; `madang.toml` is read if it is there
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) act: AuditAct,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditAct {
    /// Check the chain of hashes from what was last trimmed to the end; exit code 1 with the number of the first row
    /// that is not what was written. Prints the number and hash of the last row: kept elsewhere, they tell later whether
    /// rows were cut off the end, which the rest cannot
    Verify,
    /// List the rows, oldest first
    Ls {
        /// Only of this date or later (2026, 2026-11, 2026-11-23)
        #[arg(long, value_parser = start, value_name = "DATE")]
        since: Option<Timestamp>,
        /// Only of this action, as in key.new
        #[arg(long, value_name = "ACTION")]
        action: Option<String>,
        /// One JSON object per row and line
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  madang model install ggml-small.bin
  madang model ls
  madang model use ggml-tiny
  madang model rm ggml-small")]
pub(crate) struct Model {
    #[command(subcommand)]
    pub(crate) act: ModelAct,
    /// Data folder
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Configuration file; `madang.toml` is read if it is there
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelAct {
    /// Copy a model of Whisper (ggml, as whisper.cpp reads it) into the data folder, if its hash is known, and use it
    Install {
        /// File of the model
        file: PathBuf,
        /// The SHA-256 that it must have
        #[arg(long, value_name = "HEX", value_parser = sha256)]
        sha256: Option<String>,
        /// Take it whatever its hash is
        #[arg(long, conflicts_with = "sha256")]
        unverified: bool,
    },
    /// List the models, the one in use marked
    Ls,
    /// Use another of those that are installed
    Use {
        /// Its name, as `madang model ls` shows it
        name: String,
    },
    /// Remove one that was installed
    Rm {
        /// Its name, as `madang model ls` shows it
        name: String,
    },
}

/// A hash as 64 hexadecimal digits.
fn sha256(text: &str) -> Result<String, &'static str> {
    match text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        true => Ok(text.to_ascii_lowercase()),
        false => Err("write the 64 hexadecimal digits of a SHA-256"),
    }
}

#[derive(Args, Debug)]
pub(crate) struct Check {
    /// Pipelines, folders or addresses; without any, every pipelines/*.toml
    #[arg(value_name = "PIPELINE.toml|FOLDER|URL")]
    pub(crate) sources: Vec<OsString>,
    /// Data folder, which no source may lie in
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Configuration file; `madang.toml` is read if it is there
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

fn from_one(text: &str) -> Result<NonZeroUsize, &'static str> {
    text.parse().map_err(|_| "write a whole number from 1 on")
}

/// So many things, and not more than `MOST`.
fn count<const MOST: u32>(text: &str) -> Result<u32, String> {
    let fits = text.parse().ok().filter(|count| (1..=MOST).contains(count));
    fits.ok_or_else(|| match MOST {
        u32::MAX => "write a whole number from 1 on".to_owned(),
        _ => format!("write a whole number from 1 to {MOST}"),
    })
}

/// A pattern of paths. Read here too, because the service knows it by another name than the option has.
fn glob(text: &str) -> Result<String, String> {
    globset::Glob::new(text).map(|_| text.to_owned()).map_err(|error| {
        let what = error.kind();
        format!("{what}; write a pattern as in '2026/**/*.hwp', and [[] for a bracket of a name")
    })
}

/// The number by which a list names a thing.
fn numbered(text: &str) -> Result<i64, &'static str> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or("write its number, as it stands in the first column of the list")
}

/// The first moment of a date.
fn start(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse_start(text).ok_or("write a date as in 2026, 2026-11 or 2026-11-23")
}

/// The number of a change that was seen already.
fn passed(text: &str) -> Result<u64, &'static str> {
    text.parse().map_err(|_| "write a whole number from 0 on")
}

/// What jobs are set aside for.
fn reasons() -> PossibleValuesParser {
    let kinds = FailureKind::ALL.into_iter().filter(|kind| kind.sets_aside());
    kinds.map(FailureKind::as_str).collect::<Vec<_>>().into()
}

/// When something is recognised, by the words of a pipeline's declaration.
fn when<T: serde::de::DeserializeOwned>(word: &str) -> Result<T, String> {
    serde_json::from_value(word.into()).map_err(|_| "never, auto or always".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every option that is a number of things, with the command it belongs to and the most it takes.
    const NUMBERS: [(&[&str], &str, Option<u32>); 7] = [
        (&["up", "press"], "--workers", None),
        (&["extract", "a.hwp"], "--jobs", None),
        (&["search", "a"], "--limit", Some(100)),
        (&["queue", "ls"], "--limit", Some(500)),
        (&["queue", "left-out"], "--limit", None),
        (&["queue", "noted"], "--limit", None),
        (&["catalog", "ls"], "--limit", None),
    ];

    #[test]
    fn no_number_of_things_is_none_or_more_than_there_can_be() {
        for (command, option, most) in NUMBERS {
            let with = |number: u32| {
                let number = number.to_string();
                let words = ["madang"].into_iter().chain(command.iter().copied());
                Arguments::try_parse_from(words.chain([option, number.as_str()]))
            };
            let refused = with(0).unwrap_err().to_string();
            assert!(
                refused.contains(&format!("invalid value '0' for '{option} <N>'")),
                "{refused}"
            );
            assert!(with(1).is_ok(), "{command:?}");
            assert!(with(most.unwrap_or(5000)).is_ok(), "{command:?}");
            assert_eq!(
                with(most.map_or(5000, |most| most + 1)).is_ok(),
                most.is_none(),
                "{command:?}"
            );
        }
    }

    #[test]
    fn a_number_that_is_none_is_told_in_words() {
        for (command, option, _) in NUMBERS {
            for wrong in ["0", "-1", "many", "1.5"] {
                let words = ["madang"].into_iter().chain(command.iter().copied());
                let wrong = format!("{option}={wrong}");
                let refused = Arguments::try_parse_from(words.chain([wrong.as_str()])).unwrap_err();
                let refused = refused.to_string();
                assert!(refused.contains("write a whole number from 1 "), "{refused}");
            }
        }
        for (words, told) in [
            (&["queue", "show", "abc"] as &[&str], "write its number"),
            (&["queue", "retry", "0"], "write its number"),
            (&["queue", "drop", "1.5"], "write its number"),
            (&["queue", "redo", "x"], "write its number"),
            (&["key", "revoke", "x"], "write its number"),
            (&["compare", "id", "--from", "x"], "write its number"),
            (&["compare", "id", "--to", "0"], "write its number"),
            (&["catalog", "changes", "--after", "x"], "write a whole number from 0 on"),
        ] {
            let refused = Arguments::try_parse_from(["madang"].iter().chain(words)).unwrap_err();
            assert!(refused.to_string().contains(told), "{words:?}: {refused}");
        }
    }

    #[test]
    fn an_address_to_listen_on_is_told_how_it_looks() {
        let refused = Arguments::try_parse_from(["madang", "up", "--listen", "nope"])
            .unwrap_err()
            .to_string();
        assert!(refused.contains("127.0.0.1:8484"), "{refused}");
    }

    #[test]
    fn what_begins_with_a_hyphen_is_a_query_or_a_queue() {
        for words in [
            &["search", "-침수"] as &[&str],
            &["search", "-침수", "--json"],
            &["search", "--limit", "5", "-a -b"],
            &["queue", "pause", "-press"],
            &["queue", "resume", "-press"],
            &["queue", "release", "-press"],
            &["queue", "ls", "--queue", "-press"],
            &["queue", "redrive", "--queue", "-press"],
        ] {
            let parsed = Arguments::try_parse_from(["madang"].iter().chain(words));
            assert!(parsed.is_ok(), "{words:?}: {}", parsed.unwrap_err());
        }
        // An option that nobody knows is still one.
        for words in [&["search", "침수", "--jsno"] as &[&str], &["queue", "ls", "--jsno"]] {
            assert!(
                Arguments::try_parse_from(["madang"].iter().chain(words)).is_err(),
                "{words:?}"
            );
        }
    }

    #[test]
    fn every_option_that_takes_a_number_is_in_the_table() {
        fn counted(command: &clap::Command) -> usize {
            let own = command.get_arguments().filter(|argument| {
                argument.get_value_names().is_some_and(|names| names.iter().any(|name| name == "N"))
            });
            own.count() + command.get_subcommands().map(counted).sum::<usize>()
        }
        assert_eq!(counted(&<Arguments as clap::CommandFactory>::command()), NUMBERS.len());
    }
}
