use std::sync::Arc;

use madang_document::timestamp::Timestamp;

/// The time, as a value that somebody hands in when a backend is made. A store with a clock of its own (a
/// server database) uses that one instead, so that nodes whose clocks differ agree on when a lease ends.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
