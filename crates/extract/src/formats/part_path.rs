//! How the parts of a package refer to one another: by paths from where they lie.

/// The part that the path `reference` leads to from `folder`. None leads out of the package.
pub(super) fn part_path(folder: &str, reference: &str) -> String {
    let mut path: Vec<&str> = match reference.starts_with('/') {
        true => Vec::new(),
        false => folder.split('/').filter(|name| !name.is_empty()).collect(),
    };
    for step in reference.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(path.pop()),
            name => path.push(name),
        }
    }
    path.join("/")
}
