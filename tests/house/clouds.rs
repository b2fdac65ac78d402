//! Buckets of Google's and Azure's kind as sources and registries, by the real binary, on Azurite and fake-gcs-server.

use madang_servers::azurite::azurite;
use madang_servers::gcs::gcs;
use madang_tests::ground::binary::fixture;
use madang_tests::ground::scenario::{Scenario, Summary};

/// Runs without keeping the runtime from its connections meanwhile.
async fn once(scenario: &Scenario, sources: &[&str]) -> Summary {
    tokio::task::block_in_place(|| scenario.once(sources))
}

/// The same life in either kind of bucket: read, followed, forgotten; published to a registry beside it.
macro_rules! a_life {
    ($scenario:ident, $service:expr, $bucket:literal, $source:literal) => {
        let source: &[&str] = &[$source, "--config", "madang.toml"];
        $service.make($bucket).await;
        for (key, bytes) in [
            ("보도자료/처음.txt", "통에 든 글 inthebucket".as_bytes().to_vec()),
            ("보도자료/문서/table.hwpx", fixture("hwpx/table.hwpx")),
            ("보도자료/바뀔 것.txt", "먼저 있던 글 formerly".as_bytes().to_vec()),
            ("보도자료/빈//이름.txt", b"left out".to_vec()),
            ("보도자료/폴더/", Vec::new()),
            ("보도자료 2/elsewhere.txt", b"elsewhere".to_vec()),
        ] {
            assert!($service.put($bucket, key, &bytes).await, "{key}");
        }
        let summary = once(&$scenario, source).await;
        assert_eq!(summary, Summary { received: 3, indexed: 3, ..Summary::default() });
        assert_eq!($scenario.found("inthebucket"), ["처음.txt"]);
        assert_eq!($scenario.found("formerly"), ["바뀔 것.txt"]);
        assert!($scenario.found("elsewhere").is_empty(), "it lies outside of the prefix");
        let changes = $scenario.changes();
        assert_eq!(once(&$scenario, source).await, summary);
        assert_eq!($scenario.changes(), changes);

        assert!($service.put($bucket, "보도자료/바뀔 것.txt", "나중 afterwards".as_bytes()).await);
        $service.delete($bucket, "보도자료/처음.txt").await;
        let summary = once(&$scenario, source).await;
        assert_eq!(summary, Summary { received: 3, indexed: 2, deleted: 1, ..Summary::default() });
        assert!($scenario.found("inthebucket").is_empty() && $scenario.found("formerly").is_empty());
        assert_eq!($scenario.found("afterwards"), ["바뀔 것.txt"]);
        let checked = tokio::task::block_in_place(|| $scenario.run(&["check", $source, "--config", "madang.toml"]));
        let said = String::from_utf8_lossy(&checked.stderr).into_owned();
        assert!(said.contains("빈//이름.txt") && said.contains("rename the object"), "{said}");
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_of_google_lives_like_a_folder() {
    let scenario = Scenario::new();
    let registry =
        "[[registry]]\nname = \"shelf\"\nurl = \"gs://shelf/entries\"\nstore = \"clouds\"\n";
    gcs().make("shelf").await;
    scenario.write("madang.toml", gcs().configuration("clouds") + registry);
    a_life!(scenario, gcs(), "clouds", "gs://clouds/보도자료");
    let published = gcs().names("shelf").await;
    assert!(published.iter().any(|name| name.starts_with("entries/")), "{published:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_of_azure_lives_like_a_folder() {
    let scenario = Scenario::new();
    let registry =
        "[[registry]]\nname = \"shelf\"\nurl = \"az://shelf/entries\"\nstore = \"clouds\"\n";
    azurite().make("shelf").await;
    scenario.write("madang.toml", azurite().configuration("clouds") + registry);
    a_life!(scenario, azurite(), "clouds", "az://clouds/보도자료");
    let published = azurite().names("shelf").await;
    assert!(published.iter().any(|name| name.starts_with("entries/")), "{published:?}");
}

#[test]
fn a_store_is_declared_for_one_kind_of_bucket() {
    let scenario = Scenario::new();
    for (declared, source, expected) in [
        (
            "[stores.a]\nregoin = \"x\"\n",
            "s3://a",
            "madang.toml:2: unknown key `regoin`; did you mean `region`?",
        ),
        ("[stores.a]\naccount = \"x\"\n", "az://a", "madang.toml:2: unknown key `account`"),
        ("[stores.a]\naccount = \"x\"\n", "az://a", "say `kind = \"az\"`"),
        (
            "[stores.a]\nkind = \"gcs\"\n",
            "gs://a",
            "madang.toml:2: `gcs` is no kind of store: use `s3`, `gs` or `az`",
        ),
        ("\n[stores.a]\nregion = \"x\"\n", "gs://a", "madang.toml:2 declares one of kind `s3`"),
        (
            "[stores.a]\nkind = \"az\"\naccess_key = \"a\"\naccess_key_file = \"b\"\n",
            "az://a",
            "take one out",
        ),
        (
            "[stores.a]\nkind = \"gs\"\nservice_account_key_file = \"none.json\"\n",
            "gs://a",
            "none.json",
        ),
        ("[stores.a]\nkind = \"gs\"\nservice_account_key = \"{}\"\n", "gs://a", "pipeline `a-"),
        ("stores = 3\n", "s3://a", "madang.toml:1: `stores` is a table"),
        (
            "",
            "ftp://a/b",
            "ftp://a/b: `ftp://` is no kind of source: use `file:folder`, `s3://bucket/prefix`, `gs://bucket/prefix` or `az://bucket/prefix`",
        ),
        ("", "gs:///b", "names no bucket"),
        ("", "az://drop/b", "no keys for this bucket: declare `[stores.…]`"),
    ] {
        scenario.write("madang.toml", declared);
        let output = scenario.run(&["check", source, "--config", "madang.toml"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(expected), "{declared}: {said}");
    }
    scenario.write(
        "pipelines/a.toml",
        "name = \"a\"\nagency = \"1741000\"\n[source]\nurl = \"ftp://a/b\"\n",
    );
    let output = scenario.run(&["check"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("pipelines/a.toml:4: `ftp://` is no kind of source"), "{said}");
    scenario.write("madang.toml", "[[registry]]\nname = \"shelf\"\nurl = \"ftp://a/b\"\n");
    let output = scenario.run(&["check", "drop", "--config", "madang.toml"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("registry `shelf`: `ftp://` is no kind of source"), "{said}");
}
