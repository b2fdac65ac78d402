use std::io::{IsTerminal, Write};
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyModifiers, poll, read};
use crossterm::{cursor, execute, terminal};
use serde_json::Value;

use crate::api::Api;
use crate::arguments::Top;
use crate::failure::Failure;
use crate::terminal::{clip, table, text_of};

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
        let queues = api.get("/v1/queues")?;
        let balance = api.get("/v1/ledger/balance")?;
        let failed = api.get("/v1/jobs?state=quarantined&limit=10")?;
        let (text, done) = view(&queues, &balance, &failed, former);
        former = Some(done);
        screen.draw(&text)?;
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

/// The screen as text, and how many files are settled.
fn view(queues: &Value, balance: &Value, failed: &Value, former: Option<u64>) -> (String, u64) {
    let number =
        |row: &Value, name: &str| row.get(name).and_then(Value::as_u64).unwrap_or_default();
    let done =
        number(balance, "done") + number(balance, "quarantined") + number(balance, "deleted");
    let mut text = format!(
        "madang top    received {}  done {}  quarantined {}  deleted {}  in flight {}  ({} files/s)    q quits\n\n",
        number(balance, "received"),
        number(balance, "done"),
        number(balance, "quarantined"),
        number(balance, "deleted"),
        number(balance, "in_flight"),
        done.saturating_sub(former.unwrap_or(done)),
    );
    let list = |value: &Value, name: &str| {
        value.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let rows: Vec<Vec<String>> = list(queues, "queues")
        .iter()
        .map(|row| {
            let mut cells = vec![text_of(row, "name").to_owned()];
            cells.extend(
                ["ready", "waiting", "leased", "done", "quarantined", "last_minute"]
                    .map(|name| number(row, name).to_string()),
            );
            let paused = row.get("paused").and_then(Value::as_bool).unwrap_or_default();
            cells.push(if paused { "paused" } else { "runs" }.to_owned());
            cells
        })
        .collect();
    let head =
        ["queue", "ready", "waiting", "leased", "done", "quarantined", "last minute", "state"];
    text.push_str(&table(&head, &rows));
    let rows: Vec<Vec<String>> = list(failed, "jobs")
        .iter()
        .map(|job| {
            let failure = job.get("failure").unwrap_or(&Value::Null);
            let id = job.get("id").map_or(String::new(), Value::to_string);
            let path =
                job.get("object").map_or_else(|| text_of(job, "path"), |o| text_of(o, "path"));
            vec![
                id,
                path.to_owned(),
                text_of(failure, "kind").to_owned(),
                text_of(failure, "message").to_owned(),
            ]
        })
        .collect();
    if !rows.is_empty() {
        text.push_str("\n\nquarantined\n");
        text.push_str(&table(&["job", "path", "why", ""], &rows));
    }
    (text, done)
}

/// The terminal in raw mode on its other screen; given back however the command ends.
struct Screen;

impl Screen {
    fn enter() -> std::io::Result<Screen> {
        terminal::enable_raw_mode()?;
        execute!(std::io::stdout(), terminal::EnterAlternateScreen, cursor::Hide)?;
        Ok(Screen)
    }

    fn draw(&self, text: &str) -> std::io::Result<()> {
        let (columns, rows) = terminal::size()?;
        let mut out = std::io::stdout().lock();
        execute!(out, cursor::MoveTo(0, 0), terminal::Clear(terminal::ClearType::All))?;
        for line in text.lines().take(usize::from(rows)) {
            let line = clip(line, usize::from(columns));
            write!(out, "{line}\r\n")?;
        }
        out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = execute!(std::io::stdout(), cursor::Show, terminal::LeaveAlternateScreen);
        let _ = terminal::disable_raw_mode();
    }
}
