//! What a listing of many files costs: `cargo run --release -p madang-store --example listing [files]`.
//!
//! Prints the time and the largest resident size (VmHWM) once the files are made and again once they are listed,
//! and what keeping small texts costs.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on has failed"
)]
#![allow(clippy::disallowed_methods, reason = "it makes the files that are listed")]

use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt;
use madang_store::blobs::{Blobs, Bundle};
use madang_store::closed::Closed;
use madang_store::folder::FolderStore;
use madang_store::store::Store;
use object_store::local::LocalFileSystem;

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default().to_owned()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let files: usize = std::env::args().nth(1).map_or(200_000, |n| n.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    for n in 0..files {
        std::fs::write(folder.path().join(format!("문서-{n:07}.txt")), "x").unwrap();
    }
    println!("made {files} files: {}", peak());
    let begun = Instant::now();
    let store = FolderStore::new("drop", folder.path(), Closed::default());
    let listed = store.list().filter(|seen| std::future::ready(seen.is_ok())).count().await;
    println!("listed {listed} in {:?}: {}", begun.elapsed(), peak());

    let blobs = tempfile::tempdir().unwrap();
    let local = LocalFileSystem::new_with_prefix(blobs.path()).unwrap().with_fsync(true);
    let blobs = Blobs::new(Arc::new(local));
    for members in [1, 100] {
        let begun = Instant::now();
        for object in 0..200 {
            let mut bundle = Bundle::new(&blobs);
            for member in 0..members {
                let text = format!("{object} {member} {}", "글".repeat(330));
                bundle.add(text.as_bytes()).await.unwrap();
            }
            bundle.keep().await.unwrap();
        }
        let each = begun.elapsed() / (200 * members);
        println!("kept 200 objects of {members} texts of 1 kB: {each:?} each text");
    }
}
