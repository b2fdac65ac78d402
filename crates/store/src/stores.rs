use std::collections::BTreeMap;
use std::sync::Arc;

use madang_document::object::ObjectRef;

use crate::error::StoreError;
use crate::store::{Pinned, Store};

/// The stores that are configured, by the name that object references carry.
#[derive(Clone, Default)]
pub struct Stores(Arc<BTreeMap<String, Arc<dyn Store>>>);

impl Stores {
    /// The store of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Store>> {
        self.0.get(name)
    }

    /// Opens a version of an object in the store that it names.
    ///
    /// # Errors
    /// As [`Store::open`]; [`StoreError::Unavailable`] when no such store is configured.
    pub async fn open(&self, object: &ObjectRef) -> Result<Box<dyn Pinned>, StoreError> {
        match self.get(&object.store) {
            Some(store) => store.open(object).await,
            None => {
                let reason = format!("no store `{}` is configured", object.store);
                Err(StoreError::away(&object.path, reason))
            }
        }
    }
}

impl FromIterator<Arc<dyn Store>> for Stores {
    fn from_iter<I: IntoIterator<Item = Arc<dyn Store>>>(stores: I) -> Stores {
        let named = stores.into_iter().map(|store| (store.name().to_owned(), store));
        Stores(Arc::new(named.collect()))
    }
}

impl std::fmt::Debug for Stores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
