//! The index in a folder, held to the promises of the trait.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed, and says how far it came"
)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use madang_document::partition::Partition;
use madang_index::conformance;
use madang_index::conformance::damage::damage_stays_in_its_partition;
use madang_index::conformance::ground::Ground;
use madang_index::index::Index;
use madang_index::tantivy::index::TantivyIndex;
use tempfile::TempDir;

/// What happens to a file of a damaged partition.
type Damage = fn(&Path);

/// An index in a folder of its own, of which a file of this kind is damaged so.
struct Folder {
    folder: TempDir,
    index: Option<Arc<dyn Index>>,
    kind: &'static str,
    damage: Damage,
}

impl Folder {
    fn new(kind: &'static str, damage: Damage) -> Folder {
        let folder = tempfile::tempdir().unwrap();
        let index: Arc<dyn Index> = Arc::new(TantivyIndex::open(folder.path()).unwrap());
        Folder { folder, index: Some(index), kind, damage }
    }
}

impl Ground for Folder {
    fn index(&self) -> Arc<dyn Index> {
        self.index.clone().unwrap()
    }

    fn damage(&mut self, partition: &Partition) -> Arc<dyn Index> {
        self.index = None;
        let files = fs::read_dir(self.folder.path().join(partition.to_string())).unwrap();
        let file = files
            .map(|entry| entry.unwrap().path())
            .find(|path| path.to_str().unwrap().ends_with(self.kind))
            .unwrap();
        (self.damage)(&file);
        let index: Arc<dyn Index> = Arc::new(TantivyIndex::open(self.folder.path()).unwrap());
        self.index = Some(Arc::clone(&index));
        index
    }
}

fn gone(file: &Path) {
    fs::remove_file(file).unwrap();
}

#[test]
fn an_index_in_a_folder_keeps_every_promise() {
    conformance::all(|| Folder::new("meta.json", gone));
}

/// Every file of a partition, damaged in every way that ours come to: gone, cut off, overwritten at the end, in the
/// middle and all over, empty.
#[test]
fn damage_of_any_file_stays_in_its_partition() {
    let ways: [(&str, Damage); 5] = [
        ("gone", gone),
        ("empty", |file| fs::write(file, "").unwrap()),
        ("cut off", |file| {
            let bytes = fs::read(file).unwrap();
            fs::write(file, &bytes[..bytes.len() * 2 / 3]).unwrap();
        }),
        ("garbage inside", |file| {
            let mut bytes = fs::read(file).unwrap();
            let (from, to) = (bytes.len() / 3, bytes.len() / 2);
            for (n, byte) in bytes[from..to].iter_mut().enumerate() {
                *byte = (n * 151 % 256) as u8 ^ 0x5a;
            }
            fs::write(file, bytes).unwrap();
        }),
        ("garbage", |file| {
            let length = fs::metadata(file).unwrap().len();
            fs::write(file, vec![0xa5; length as usize]).unwrap();
        }),
    ];
    for kind in ["meta.json", "store", "term", "pos", "idx", "fast", "fieldnorm"] {
        for (what, way) in ways {
            // Of most kinds the two that happen are enough: a file cut off, and one with garbage in it.
            let enough = ["cut off", "garbage inside"].contains(&what);
            if !enough && !["meta.json", "store"].contains(&kind) {
                continue;
            }
            println!("{kind}: {what}");
            damage_stays_in_its_partition(&mut Folder::new(kind, way));
        }
    }
}
