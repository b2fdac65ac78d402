use std::io::{IsTerminal, Write};
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyModifiers, poll, read};
use crossterm::{cursor, execute, terminal};
use madang_document::shown::Shown;
use serde_json::Value;

use crate::api::Api;
use crate::arguments::Top;
use crate::failure::Failure;
use crate::queue::{conditions, state_of};
use crate::terminal::{clip, number_of, path_of, shown, table, text_of};

/// The most jobs that the service gives at once.
const JOBS: u16 = 200;

/// `madang top`: the queues, once a second, until `q` or Ctrl-C.
pub(crate) fn run(command: &Top) -> Result<(), Failure> {
    let api = Api::reach(&command.place)?;
    if !std::io::stdout().is_terminal() {
        return Err(Failure::usage(
            "top needs a terminal; `madang queue ls` prints the queues once",
        ));
    }
    let screen = Screen::enter()?;
    let mut former: Option<u64> = None;
    loop {
        let (columns, rows) = match terminal::size()? {
            // A terminal that does not know its size, as of a serial line.
            (0, _) | (_, 0) => (80, 24),
            size => size,
        };
        let queues = api.get("/v1/queues")?;
        let balance = api.get("/v1/ledger/balance")?;
        // As many as could find room.
        let limit = rows.clamp(1, JOBS);
        let failed = api.get(&format!("/v1/jobs?state=quarantined&limit={limit}"))?;
        let (lines, done) = view(&queues, &balance, &failed, former);
        former = Some(done);
        screen.draw(&lines, columns, rows)?;
        if poll(Duration::from_secs(1))?
            && let Event::Key(key) = read()?
        {
            let interrupted =
                key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
            if interrupted || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc) {
                return Ok(());
            }
        }
    }
}

/// The screen as lines, and how many files are settled.
fn view(queues: &Value, balance: &Value, failed: &Value, former: Option<u64>) -> (Vec<Shown>, u64) {
    let done = number_of(balance, "done")
        + number_of(balance, "quarantined")
        + number_of(balance, "deleted");
    let mut lines = vec![
        shown!(
            "madang top    received {}  done {}  quarantined {}  deleted {}  in flight {}  ({} files/s)    q quits",
            number_of(balance, "received"),
            number_of(balance, "done"),
            number_of(balance, "quarantined"),
            number_of(balance, "deleted"),
            number_of(balance, "in_flight"),
            done.saturating_sub(former.unwrap_or(done)),
        ),
        Shown::default(),
    ];
    let conditions = conditions(queues);
    if !conditions.is_empty() {
        lines.extend(conditions);
        lines.push(Shown::default());
    }
    let list = |value: &Value, name: &str| {
        value.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    // The state stands first: at the end of a narrow screen it would be cut off.
    let rows: Vec<Vec<Shown>> = list(queues, "queues")
        .iter()
        .map(|row| {
            let mut cells = vec![text_of(row, "name"), state_of(row)];
            cells.extend(
                ["ready", "waiting", "leased", "done", "quarantined", "last_minute"]
                    .map(|name| shown!("{}", number_of(row, name))),
            );
            cells
        })
        .collect();
    let head =
        ["queue", "state", "ready", "waiting", "leased", "done", "quarantined", "last minute"];
    lines.extend(table(&head, &rows));
    let rows: Vec<Vec<Shown>> = list(failed, "jobs")
        .iter()
        .map(|job| {
            let failure = job.get("failure").unwrap_or(&Value::Null);
            let id = job.get("id").map_or_else(Shown::default, |id| shown!("{id}"));
            let path = path_of(job.get("object").unwrap_or(job), "path");
            vec![id, path, text_of(failure, "kind"), text_of(failure, "message")]
        })
        .collect();
    if !rows.is_empty() {
        lines.extend([Shown::default(), shown!("quarantined")]);
        lines.extend(table(&["job", "path", "why", ""], &rows));
    }
    (lines, done)
}

/// The terminal in raw mode on its other screen; given back however the command ends.
struct Screen;

impl Screen {
    fn enter() -> std::io::Result<Screen> {
        terminal::enable_raw_mode()?;
        execute!(std::io::stdout(), terminal::EnterAlternateScreen, cursor::Hide)?;
        Ok(Screen)
    }

    /// Draws as many lines as there are rows, each as wide as the screen at most.
    fn draw(&self, lines: &[Shown], columns: u16, rows: u16) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        execute!(out, cursor::MoveTo(0, 0), terminal::Clear(terminal::ClearType::All))?;
        let lines: Vec<String> = lines
            .iter()
            .take(usize::from(rows))
            .map(|line| clip(line, usize::from(columns)).to_string())
            .collect();
        // No break after the last one: the screen would scroll, and the first line be lost.
        write!(out, "{}", lines.join("\r\n"))?;
        out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = execute!(std::io::stdout(), cursor::Show, terminal::LeaveAlternateScreen);
        let _ = terminal::disable_raw_mode();
    }
}

#[cfg(test)]
mod tests {
    use madang_document::shown::is_misleading;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_name_forges_no_row() {
        let path = "a\n9999  innocent.hwp  corrupt\r\u{1b}[2J\u{85}\u{2028}\u{202e}.hwp";
        let jobs = json!({ "jobs": [
            { "id": 7, "object": { "path": path }, "failure": { "kind": "corrupt", "message": path } },
        ] });
        let queues = json!({ "queues": [{ "name": "press", "paused": true, "ready": 3 }] });
        let (lines, done) = view(&queues, &json!({ "done": 4, "deleted": 1 }), &jobs, Some(2));
        // The header, the queues under their head, the job under its head, and two blank lines.
        assert_eq!((lines.len(), done), (8, 5));
        let whole: String = lines.iter().map(Shown::as_str).collect();
        assert!(!whole.chars().any(is_misleading), "{whole:?}");
        assert!(whole.contains("(3 files/s)") && whole.contains("press  paused"), "{whole}");
    }
}
