use std::sync::Arc;

use madang_sandbox::watch::Watch;

/// That somebody waits for what a child does. Who goes away drops this, and calls the child off: it would keep its seat from
/// others.
#[derive(Debug, Default)]
pub(crate) struct Asked(Arc<Watch>);

impl Asked {
    /// What the run is to be watched with.
    pub(crate) fn watch(&self) -> Arc<Watch> {
        Arc::clone(&self.0)
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
