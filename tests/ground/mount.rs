use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Something mounted, unmounted when it is dropped. The tests run as root, where they may mount.
#[derive(Debug)]
pub struct Mount {
    place: PathBuf,
}

impl Mount {
    /// A small file system of its own, of so many bytes: `4m`.
    ///
    /// # Panics
    /// When it cannot be mounted.
    pub fn small(place: &Path, size: &str) -> Mount {
        std::fs::create_dir_all(place).unwrap();
        let options = format!("size={size},mode=0700");
        Mount::make(&["-t", "tmpfs", "-o", &options, "madang-test"].map(OsStr::new), place)
    }

    /// Another name of a folder or file, which hides what is there.
    ///
    /// # Panics
    /// When it cannot be mounted.
    pub fn bind(what: &Path, place: &Path) -> Mount {
        match what.is_dir() {
            true => std::fs::create_dir_all(place).unwrap(),
            false => std::fs::write(place, "underneath").unwrap(),
        }
        Mount::make(&[OsStr::new("--bind"), what.as_os_str()], place)
    }

    fn make(arguments: &[&OsStr], place: &Path) -> Mount {
        let done = Command::new("mount").args(arguments).arg(place).output();
        let done = done.expect("mount (package mount)");
        assert!(
            done.status.success(),
            "nothing can be mounted ({}): run the tests as root in a container that may mount",
            String::from_utf8_lossy(&done.stderr).trim()
        );
        Mount { place: place.to_owned() }
    }

    /// Gives a small file system another size.
    ///
    /// # Panics
    /// When it does not take it.
    pub fn resize(&self, size: &str) {
        let option = format!("remount,size={size}");
        let done = Command::new("mount").args(["-o", &option]).arg(&self.place).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.place).status();
    }
}
