//! Runs extraction in a child process that can open nothing, under limits, and believes nothing it says.
//!
//! ```text
//! madang ── socket pair, SCM_RIGHTS ──▶ zygote (exec'd `madang --zygote`, one thread, empty environment)
//!                                        └ fork ▶ child: limits, confine(), extract, frames, exit
//! ```

pub mod confine;
pub mod frame;
pub mod limits;
pub mod run;
pub mod zygote;
