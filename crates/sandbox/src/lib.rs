//! Runs extraction in a child process that can open nothing, under limits, and believes nothing it says.
//!
//! ```text
//! madang ── socket pair, SCM_RIGHTS ──▶ zygote (exec'd `madang --zygote`, one thread, empty environment)
//!                                        └ fork ▶ child: limits, confine(), extract, frames, exit
//! ```
//!
//! On the parent's side: [`zygote`] sends orders, [`run`] begins a run, `supervision` watches its child, `assembly`
//! checks what that says, `ending` tells what its end means, `awake` counts the time, and `run_queue` tells which of it the child could not use. On the other: [`serve`] is the zygote's loop, `child` the
//! life of a child, `blob` what it reads, `answer` what it says, and `channel` the way there. [`frame`], `launch` and
//! `caps` are what both speak.

/// How long a child may take.
pub mod allowance;
mod answer;
mod assembly;
mod awake;
mod blob;
mod caps;
mod channel;
mod child;
mod confine;
mod ending;
mod exit;
pub mod frame;
/// What is to be extracted.
pub mod input;
/// What a zygote has loaded.
pub mod kit;
mod launch;
pub mod limits;
mod memory;
/// What a run is asked for.
mod raw_bytes;
pub mod request;
pub mod run;
mod run_queue;
/// How a run ended.
pub mod run_report;
/// Bytes that nobody can change.
pub mod sealed_file;
pub mod serve;
mod supervision;
/// What a child has used.
pub mod usage;
/// What watches a run.
pub mod watch;
pub mod zygote;
