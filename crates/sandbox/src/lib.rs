//! Runs extraction in a child process that can open nothing, under limits, and believes nothing it says.
//!
//! ```text
//! madang ── socket pair, SCM_RIGHTS ──▶ zygote (exec'd `madang --zygote`, one thread, empty environment)
//!                                        └ fork ▶ child: limits, confine(), extract, frames, exit
//! ```
//!
//! On the parent's side: [`zygote`] sends orders, [`run`] begins a run, `supervision` watches its child, `assembly`
//! checks what that says, `ending` tells what its end means. On the other: `nursery` is the zygote's loop, `child` the life of a
//! child, `blob` what it reads and `answer` what it says. [`frame`], `order` and `caps` are what both speak.

mod answer;
mod assembly;
mod blob;
mod caps;
mod child;
pub mod confine;
mod ending;
pub mod frame;
pub mod limits;
mod memory;
mod nursery;
mod order;
pub mod run;
mod sealed_file;
mod supervision;
pub mod zygote;
