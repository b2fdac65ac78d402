use std::path::Path;
use std::time::UNIX_EPOCH;

/// What tells a file of an engine's data from another of the same name, without reading it: its size and when it was written.
/// Empty of one that is not there.
pub(crate) fn stamp(path: &Path) -> String {
    let Ok(metadata) = std::fs::metadata(path) else { return String::new() };
    let written = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    format!("{} {}", metadata.len(), written.unwrap_or_default().as_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_file_of_the_same_name_has_another_stamp() {
        let path = std::env::temp_dir().join(format!("madang-data-{}", std::process::id()));
        std::fs::write(&path, b"one").unwrap();
        let one = stamp(&path);
        assert_eq!(stamp(&path), one);
        std::fs::write(&path, b"other").unwrap();
        assert_ne!(stamp(&path), one, "of another size");
        let written = |seconds| {
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(UNIX_EPOCH + std::time::Duration::from_secs(seconds)).unwrap();
            stamp(&path)
        };
        assert_ne!(written(1_000), written(2_000), "written later");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(stamp(&path), "");
    }
}
