use std::path::PathBuf;

/// The binary under test: `MADANG_BIN`, else `madang` beside the folder of this test.
///
/// # Panics
/// When it is not there, with the command that builds it.
pub fn madang() -> PathBuf {
    if let Some(path) = std::env::var_os("MADANG_BIN") {
        return PathBuf::from(path);
    }
    let test = std::env::current_exe().expect("the path of this test");
    let path = test.parent().and_then(|deps| deps.parent()).expect("two folders").join("madang");
    assert!(
        path.is_file(),
        "{} is not there: build it first with `cargo build -p madang-cli`, or set MADANG_BIN",
        path.display()
    );
    path
}

/// The root of the workspace.
///
/// # Panics
/// Never: this package lies in it.
pub fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().expect("a parent").to_owned()
}

/// A file of `fixtures/`.
///
/// # Panics
/// When it is not there.
pub fn fixture(path: &str) -> Vec<u8> {
    let file = workspace().join("fixtures").join(path);
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Every file of `fixtures/` that is there to be read, as path below `fixtures/`: no golden texts, no notes, no
/// makers, no data folder of an earlier version.
///
/// # Panics
/// When the folder cannot be listed.
pub fn fixtures() -> Vec<String> {
    let root = workspace().join("fixtures");
    let mut files = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("fixtures") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8").to_owned();
            if path.is_dir() && !["make", "data-v1", "data-v2"].contains(&name.as_str()) {
                open.push(path);
            } else if path.is_file() && !name.ends_with(".expected") && !name.ends_with("README.md")
            {
                let below = path.strip_prefix(&root).expect("below the root");
                files.push(below.to_str().expect("UTF-8").to_owned());
            }
        }
    }
    files.sort();
    files
}
