use std::path::{Path, PathBuf};

/// A place that an address names: where files are dropped, or a registry is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A folder; a relative one counts from where Madang was started.
    Folder(PathBuf),
    /// A prefix of a bucket.
    Bucket {
        /// What kind of bucket: what stands before `://` in its address.
        scheme: String,
        /// The name of the store's settings in `madang.toml`; the bucket's own name if none is declared.
        store: String,
        /// The bucket.
        bucket: String,
        /// The prefix, without slashes at its ends.
        prefix: String,
    },
}

impl Place {
    /// The place of an address, `file:folder`, a folder's path or `scheme://bucket/prefix`. A relative folder lies in
    /// `folder`; `store` is the name of the store's settings, if one is given.
    ///
    /// # Errors
    /// When it names no bucket, with the cure.
    pub fn of(url: &str, store: Option<&str>, folder: &Path) -> Result<Place, String> {
        if let Some(path) = url.strip_prefix("file:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return Ok(Place::Folder(folder.join(path)));
        }
        let Some((scheme, rest)) = url.split_once("://") else {
            return Ok(Place::Folder(folder.join(url)));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(format!("`{url}` names no bucket: write `{scheme}://bucket/prefix`"));
        }
        Ok(Place::Bucket {
            scheme: scheme.to_owned(),
            store: store.unwrap_or(bucket).to_owned(),
            bucket: bucket.to_owned(),
            prefix: prefix.trim_matches('/').to_owned(),
        })
    }
}
