use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use madang_document::condition::Kind;
use madang_document::counted::counted;
use madang_pipeline::hindrance::shortage;
use madang_store::mark::Mark;
use rustix::fs::{FlockOperation, flock};

use crate::announcement::Announcement;
use crate::failure::Failure;
use crate::terminal::{line, shown};
use crate::{local_key, modes};

/// The data folder of this process: nobody else uses it while the lock is held. It and all in it belong to their
/// owner alone, since closed texts lie in it.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    _lock: File,
}

/// The files and folders in it that others open.
pub(crate) const LEDGER: &str = "ledger.db";
pub(crate) const INDEX: &str = "index";
pub(crate) const BLOBS: &str = "blobs";
pub(crate) const MODELS: &str = "models";
const LOCK: &str = "lock";

/// How long the kernel may take to end what is left of a service that was killed.
const LET_GO: Duration = Duration::from_secs(5);

/// Room that is kept for the start on a full disk: the ledger cannot even be read without some files beside it.
const RESERVE: &str = "reserve";
const RESERVE_BYTES: u64 = 128 << 10;

impl DataFolder {
    /// Whether a Madang has kept anything in this folder. Looks, and makes nothing.
    pub(crate) fn exists_at(path: &Path) -> bool {
        path.join(LEDGER).exists()
    }

    /// That there is nothing in this folder, and `else_` what to do but to name another.
    pub(crate) fn nothing_at(path: &Path, else_: &str) -> Failure {
        let folder = path.display();
        Failure::usage(format!("no data in {folder}; name the folder with --data{else_}"))
    }

    /// Creates the folder if need be and takes its lock; none if another process holds it.
    pub(crate) fn lock(path: &Path) -> Result<Option<DataFolder>, Failure> {
        prepare(path)?;
        let failed = |error: std::io::Error| {
            Failure::Other(
                anyhow::Error::new(error).context(format!("data folder {}", path.display())),
            )
        };
        let lock = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
            .open(path.join(LOCK))
            .map_err(failed)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
            Err(error) => return Err(failed(error.into())),
        }
        // What a killed service announced leads to whoever took its port since: the owner's key must not follow.
        Announcement::remove(path).map_err(failed)?;
        mark(path);
        Ok(Some(DataFolder { path: path.to_owned(), _lock: lock }))
    }

    /// The same for who starts a service: what is left of one that was killed holds the lock for a moment longer, which is
    /// waited for. One that runs is told at once.
    pub(crate) fn lock_of_the_living(path: &Path) -> Result<Option<DataFolder>, Failure> {
        let begun = Instant::now();
        loop {
            let data = DataFolder::lock(path)?;
            let is_dead = || Announcement::read(path).is_some_and(|it| !it.lives());
            if data.is_some() || begun.elapsed() > LET_GO || !is_dead() {
                return Ok(data);
            }
            std::thread::sleep(LET_GO / 50);
        }
    }

    /// Keeps some room on the disk of the folder, as far as there is any, for the start on a full one.
    pub(crate) fn keep_reserve(&self) {
        let path = self.join(RESERVE);
        if std::fs::metadata(&path).is_ok_and(|there| there.len() == RESERVE_BYTES) {
            return;
        }
        let kept = File::options().write(true).create(true).truncate(true).mode(0o600).open(&path);
        let kept = kept.and_then(|mut file| {
            // Holes would keep nothing.
            let zeros = [0_u8; 4096];
            (0..RESERVE_BYTES / 4096).try_for_each(|_| file.write_all(&zeros))?;
            file.sync_all()
        });
        if kept.is_err() {
            self.give_reserve_up();
        }
    }

    /// Gives the kept room up. Gives whether there was any.
    pub(crate) fn give_reserve_up(&self) -> bool {
        std::fs::remove_file(self.join(RESERVE)).is_ok()
    }

    /// A path in the folder.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Says where the service of this folder listens.
    pub(crate) fn announce(&self, url: &str) -> std::io::Result<Note> {
        let text = Announcement::of_this_process(url)?.text();
        Note::keep(self.join(Announcement::FILE), text)
    }

    /// Takes the announcement back.
    pub(crate) fn withdraw(&self) {
        let _ = Announcement::remove(&self.path);
    }

    /// The key by which the owner of the folder reaches its service from the command line; made at first use. A
    /// file that somebody else may have written or read is no key: another one is made, loudly.
    pub(crate) fn local_key(&self) -> Result<Note, Failure> {
        let path = self.join(local_key::FILE);
        match local_key::read(&path) {
            Ok(Some(text)) => return Ok(Note { path, text, kept: true }),
            Ok(None) => {}
            Err(reason) => line(&shown!(
                "madang: {} {reason}; it counts no more, and another key is made in its place",
                path.display()
            )),
        }
        Ok(Note::keep(path, local_key::new()?)?)
    }
}

/// A line in a file of the data folder, by which its owner finds and enters the service. It counts while the process
/// lives whether the disk has room for it or not: a full disk is no reason not to start, and says so itself.
#[derive(Debug)]
pub(crate) struct Note {
    path: PathBuf,
    /// The line.
    pub(crate) text: String,
    kept: bool,
}

/// How often a note that found no room is written again.
const AGAIN: Duration = Duration::from_secs(2);

impl Note {
    fn keep(path: PathBuf, text: String) -> std::io::Result<Note> {
        let kept = match write_private(&path, &text) {
            Err(error) if shortage(&error) == Some(Kind::DiskLow) => {
                line(&shown!("madang: {error}; it is written as soon as there is room"));
                false
            }
            written => written.map(|()| true)?,
        };
        Ok(Note { path, text, kept })
    }

    /// Ends when it is written.
    pub(crate) async fn kept(self) {
        if self.kept {
            return;
        }
        while let Err(error) = write_private(&self.path, &self.text) {
            if shortage(&error) != Some(Kind::DiskLow) {
                return line(&shown!("madang: {error}"));
            }
            tokio::time::sleep(AGAIN).await;
        }
        line(&shown!("madang: {} is written", self.path.display()));
    }
}

/// What Madang keeps in the folder. `drop` is not of it, where people's files may lie, nor is the local key: one
/// that others could read is made anew.
const OURS: [&str; 10] = [
    BLOBS,
    Mark::FILE,
    INDEX,
    LEDGER,
    "ledger.db-shm",
    "ledger.db-wal",
    LOCK,
    MODELS,
    RESERVE,
    Announcement::FILE,
];

/// Makes the folder, and takes from everybody but its owner what was open until now.
pub(crate) fn prepare(path: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::Other(anyhow::Error::new(error).context(format!("data folder {}", path.display())))
    };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
    let mended = modes::close(path, &OURS).map_err(failed)?;
    if let Some(mode) = mended.root {
        line(&shown!(
            "madang: data folder {} could be read by other people of this machine (mode {mode:04o}); \
             {} now",
            path.display(),
            match mended.below {
                0 => "it is its owner's alone".to_owned(),
                below => format!(
                    "it and {} in it are their owner's alone",
                    counted(below, "path", "paths")
                ),
            }
        ));
    }
    Ok(())
}

/// Marks the data folder, and the texts in it apart, so that either is known again where it comes back through an overlay
/// or another machine. What finds no room for its mark has it from the next start on.
fn mark(data: &Path) {
    let of = |folder: &Path| {
        let folder = File::open(folder).ok()?;
        Mark::of(folder.as_fd()).ok()?
    };
    let line = of(data).as_ref().and_then(Mark::line).map(str::to_owned);
    let line = line.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    for folder in [data.to_owned(), data.join("blobs")] {
        if of(&folder).as_ref().and_then(Mark::line) == Some(&line) {
            continue;
        }
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        let made = made.and_then(|()| write_private(&folder.join(Mark::FILE), &line));
        if let Err(error) = made {
            crate::terminal::line(&shown!("madang: {error}"));
        }
    }
}

/// Where the service of a data folder listens, and the owner's key to it; none unless that very service still
/// runs.
pub(crate) fn announced(path: &Path) -> Option<(String, Option<String>)> {
    let announcement = Announcement::read(path)?;
    announcement.lives().then(|| {
        let key = local_key::read(&path.join(local_key::FILE)).ok().flatten();
        (announcement.url, key)
    })
}

/// Writes a file of the owner's alone, whole or not at all. An error names it and the cure.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    write_whole(path, text).map_err(|error| {
        let cure = match shortage(&error) == Some(Kind::DiskLow) {
            true => "; free some space on the disk of the data folder",
            false => "",
        };
        std::io::Error::new(error.kind(), format!("{}: {error}{cure}", path.display()))
    })
}

fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let temporary = path.with_extension("new");
    // Of a process that was killed here; whatever it is, it is not followed.
    match std::fs::remove_file(&temporary) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&temporary)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    std::fs::rename(temporary, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn the_folder_and_its_texts_carry_one_mark_that_stays() {
        let folder = folder();
        let of = |name: &str| {
            let folder = File::open(folder.path().join(name)).unwrap();
            Mark::of(folder.as_fd()).unwrap()
        };
        drop(DataFolder::lock(folder.path()).unwrap().unwrap());
        let first = of("");
        assert!(first.is_some() && of("blobs") == first);
        std::fs::remove_file(folder.path().join("blobs").join(Mark::FILE)).unwrap();
        drop(DataFolder::lock(folder.path()).unwrap().unwrap());
        assert!(of("") == first && of("blobs") == first);
        std::fs::write(folder.path().join(Mark::FILE), "short").unwrap();
        drop(DataFolder::lock(folder.path()).unwrap().unwrap());
        assert!(of("").is_some() && of("") != first && of("blobs") == of(""));
    }

    #[test]
    fn a_key_of_another_form_is_made_anew() {
        let folder = folder();
        let data = DataFolder::lock(folder.path()).unwrap().unwrap();
        let first = data.local_key().unwrap().text;
        assert_eq!(data.local_key().unwrap().text, first);
        for other in ["letters8", "", "madang_0123", &first.to_uppercase()] {
            std::fs::write(data.join("local.key"), other).unwrap();
            let made = data.local_key().unwrap().text;
            assert!(local_key::has_form(&made) && made != first, "{made}");
        }
    }

    #[test]
    fn a_key_that_others_could_read_or_that_is_a_link_is_made_anew() {
        let folder = folder();
        let data = DataFolder::lock(folder.path()).unwrap().unwrap();
        let path = data.join("local.key");
        let first = data.local_key().unwrap().text;
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        let second = data.local_key().unwrap().text;
        assert_ne!(second, first);
        std::fs::rename(&path, data.join("elsewhere")).unwrap();
        std::os::unix::fs::symlink("elsewhere", &path).unwrap();
        assert_ne!(data.local_key().unwrap().text, second);
        assert!(path.symlink_metadata().unwrap().is_file());
    }

    #[test]
    fn what_is_kept_in_it_stands_in_the_readme() {
        let readme = include_str!("../../../README.md");
        let (_, table) = readme.split_once("## Where data lies").unwrap();
        let (table, _) = table.split_once("\n## ").unwrap();
        for name in OURS.into_iter().chain([local_key::FILE]) {
            // `ledger.db*` stands for its log.
            let name = name.strip_suffix("-shm").or(name.strip_suffix("-wal")).unwrap_or(name);
            let marked = [format!("`{name}`"), format!("`{name}/`")];
            assert!(marked.iter().any(|name| table.contains(name)), "no {name} in {table}");
        }
    }

    #[test]
    fn who_takes_the_lock_takes_away_a_stale_address() {
        let folder = folder();
        std::fs::write(folder.path().join("service.url"), "http://127.0.0.1:1\n").unwrap();
        assert_eq!(announced(folder.path()), None);
        let data = DataFolder::lock(folder.path()).unwrap().unwrap();
        assert!(!folder.path().join("service.url").exists());
        data.announce("http://127.0.0.1:2").unwrap();
        let (url, key) = announced(folder.path()).unwrap();
        assert_eq!((url.as_str(), key), ("http://127.0.0.1:2", None));
    }
}
