//! A full disk.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use madang_tests::ground::random::Random;
use madang_tests::ground::service::Service;
use madang_tests::ground::wait::{until, until_within};
use madang_tests::ground::yard::Yard;

/// A small file system of its own, unmounted when it is dropped.
struct Mount {
    place: PathBuf,
}

impl Mount {
    fn new(place: &Path, size: &str) -> Mount {
        std::fs::create_dir_all(place).unwrap();
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size},mode=0700"), "madang-test"])
            .arg(place)
            .output()
            .expect("mount (package mount)");
        assert!(
            done.status.success(),
            "a small file system cannot be mounted ({}): run the tests as root in a container that may mount",
            String::from_utf8_lossy(&done.stderr).trim()
        );
        Mount { place: place.to_owned() }
    }

    fn resize(&self, size: &str) {
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

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_loses_nothing() {
    let yard = Yard::new();
    yard.pipeline("press", "1741000");
    let mut random = Random::seeded("disk");
    let mut words = Vec::new();
    // 120 files of 64 KiB that no compression makes small: their texts alone are more than the disk holds.
    for n in 0..120 {
        let word = random.word();
        let body: Vec<String> = (0..6000).map(|_| random.word()).collect();
        yard.write(&format!("drop/press/{n}.txt"), format!("{word}\n{}", body.join(" ")));
        words.push(word);
    }
    let mount = Mount::new(&yard.path("data"), "4m");
    let mut service = Service::start(&yard, &[]).await;
    let told = until_within(Duration::from_secs(90), "it says that the disk is full", || {
        let said = service.said();
        async move { said.lines().find(|line| is_full(line)).map(str::to_owned) }
    })
    .await;
    println!("told: {told}");
    assert!(service.ended().is_none(), "a full disk ends nothing:\n{}", service.said());

    mount.resize("400m");
    let balance = service.settled(120).await;
    assert_eq!((balance.received, balance.done, balance.quarantined), (120, 120, 0));
    for (n, word) in words.iter().enumerate() {
        let path = format!("{n}.txt");
        until(&format!("{path} is found"), async || {
            (service.found(word).await == [path.as_str()]).then_some(())
        })
        .await;
    }
    service.stop().await;
    yard.succeed(&["index", "verify"]);
    drop(mount);
}

/// Whether a line says that there is no space, in the words of the kernel or of SQLite.
fn is_full(line: &str) -> bool {
    let line = line.to_lowercase();
    ["no space left", "disk is full", "storage full", "free some space"]
        .iter()
        .any(|w| line.contains(w))
}
