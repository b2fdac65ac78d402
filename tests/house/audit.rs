//! Who did what, and that nobody changed it since.

use madang_tests::ground::scenario::{Scenario, lines, said};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_the_audit_trail_that_was_changed_is_found() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.write("drop/press/a.txt", "글");
    scenario.once(&[]);
    scenario.succeed(&["key", "new", "ours\u{1b}[2J"]);

    let verified = scenario.succeed(&["audit", "verify"]);
    assert!(verified.starts_with("rows 1 to "), "{verified}");
    let all = lines(&scenario.succeed(&["audit", "ls", "--json"]));
    assert!(verified.contains(all.last().unwrap()["hash"].as_str().unwrap()), "{verified}");
    let keys = scenario.succeed(&["audit", "ls", "--action", "key.new", "--since", "2020"]);
    assert_eq!(keys.lines().count(), 1, "{keys}");
    assert!(keys.contains("local  key.new") && !keys.contains('\u{1b}'), "{keys}");
    assert_eq!(scenario.succeed(&["audit", "ls", "--since", "2999"]), "");
    assert_eq!(scenario.run(&["audit", "ls", "--since", "today"]).status.code(), Some(2));

    let file = scenario.path("data/ledger.db");
    let mut conn = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    let trigger = "SELECT sql FROM sqlite_schema WHERE name = 'audit_is_not_edited'";
    let trigger: String = sqlx::query_scalar(trigger).fetch_one(&mut conn).await.unwrap();
    let edit =
        "DROP TRIGGER audit_is_not_edited; UPDATE audit SET actor = 'nobody' WHERE number = 2;";
    sqlx::raw_sql(edit).execute(&mut conn).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(trigger)).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    let found = scenario.run(&["audit", "verify"]);
    assert_eq!(found.status.code(), Some(1), "{}", said(&found));
    assert!(
        said(&found).contains("row 2 of the audit trail is not what was written"),
        "{}",
        said(&found)
    );
}
