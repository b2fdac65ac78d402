use std::io::{IsTerminal, Write};
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyModifiers, poll, read};
use crossterm::{cursor, execute, terminal};
use madang_document::shown::Shown;
use serde_json::Value;

use crate::api::Api;
use crate::arguments::Top;
use crate::failure::Failure;
use crate::queue::{besides, conditions, running, state_of};
use crate::terminal::{clip, number_of, path_of, shown, table, text_of};
use crate::terminal_locale::failure_message;

/// The most jobs that the service gives at once.
const JOBS: u16 = 200;

/// How long an answer may take. Meanwhile no key is read.
const PATIENCE: Duration = Duration::from_secs(5);

/// `madang top`: the queues, once a second, until `q` or Ctrl-C.
pub(crate) fn run(command: &Top) -> Result<(), Failure> {
    let api = Api::reach(&command.place)?;
    if !std::io::stdout().is_terminal() {
        return Err(Failure::usage(
            "top needs a terminal; `madang queue ls` prints the queues once",
        ));
    }
    let mut shown = Table::default();
    // A wrong address or key is said at once: the terminal is not taken for that.
    shown.answered(&Answers::ask(&api, size()?.1)?);
    let screen = Screen::enter()?;
    loop {
        let (columns, rows) = size()?;
        screen.draw(&shown.lines(), columns, rows)?;
        if poll(Duration::from_secs(1))?
            && let Event::Key(key) = read()?
        {
            let interrupted =
                key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
            if interrupted || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc) {
                return Ok(());
            }
        }
        match Answers::ask(&api, rows) {
            Ok(answers) => shown.answered(&answers),
            Err(failure) => shown.failed(&failure),
        }
    }
}

/// Columns and rows of the terminal.
fn size() -> std::io::Result<(u16, u16)> {
    Ok(match terminal::size()? {
        // A terminal that does not know its size, as of a serial line.
        (0, _) | (_, 0) => (80, 24),
        size => size,
    })
}

/// What the service says at one time.
#[derive(Debug, Default)]
struct Answers {
    queues: Value,
    balance: Value,
    failed: Value,
}

impl Answers {
    fn ask(api: &Api, rows: u16) -> Result<Answers, Failure> {
        // As many as could find room.
        let limit = rows.clamp(1, JOBS);
        Ok(Answers {
            queues: api.get_within("/v1/queues", PATIENCE)?,
            balance: api.get_within("/v1/ledger/balance", PATIENCE)?,
            failed: api
                .get_within(&format!("/v1/jobs?state=quarantined&limit={limit}"), PATIENCE)?,
        })
    }
}

/// What is shown: the last answer, and whether that is how things stand.
#[derive(Debug, Default)]
struct Table {
    lines: Vec<Shown>,
    /// How many files were settled a second ago; none where nobody knows.
    former: Option<u64>,
    /// Why the service gave no answer this time.
    silent: Option<Shown>,
}

impl Table {
    fn answered(&mut self, answers: &Answers) {
        let (lines, done) = view(answers, self.former);
        *self = Table { lines, former: Some(done), silent: None };
    }

    /// A service that is started anew answers again, and whoever watches it does not have to start anew for that.
    fn failed(&mut self, failure: &Failure) {
        let told = failure.told().join("; ");
        self.silent = Some(shown!("! {told}; below is what it said last, and it is asked again"));
        self.former = None;
    }

    fn lines(&self) -> Vec<Shown> {
        self.silent.iter().chain(&self.lines).cloned().collect()
    }
}

/// The screen as lines, and how many files are settled.
fn view(answers: &Answers, former: Option<u64>) -> (Vec<Shown>, u64) {
    let Answers { queues, balance, failed } = answers;
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
    lines.extend(besides(queues, balance));
    let running = running(queues);
    if !running.is_empty() {
        lines.push(Shown::default());
        lines.extend(running);
    }
    let rows: Vec<Vec<Shown>> = list(failed, "jobs")
        .iter()
        .map(|job| {
            let failure = job.get("failure").unwrap_or(&Value::Null);
            let id = job.get("id").map_or_else(Shown::default, |id| shown!("{id}"));
            let path = path_of(job.get("object").unwrap_or(job), "path");
            vec![id, path, text_of(failure, "kind"), failure_message(failure)]
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
        let balance = json!({ "done": 4, "deleted": 1 });
        let (lines, done) = view(&Answers { queues, balance, failed: jobs }, Some(2));
        // The header, the queues under their head, the job under its head, and two blank lines.
        assert_eq!((lines.len(), done), (8, 5));
        let whole: String = lines.iter().map(Shown::as_str).collect();
        assert!(!whole.chars().any(is_misleading), "{whole:?}");
        assert!(whole.contains("(3 files/s)") && whole.contains("press  paused"), "{whole}");
    }
    fn text(table: &Table) -> String {
        table.lines().iter().map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn a_service_that_does_not_answer_keeps_its_last_table_and_is_asked_again() {
        let answers = |done: u64| Answers {
            queues: json!({ "queues": [{ "name": "press", "ready": 3 }] }),
            balance: json!({ "done": done }),
            failed: json!({}),
        };
        let mut table = Table::default();
        table.answered(&answers(5));
        table.answered(&answers(7));
        assert!(text(&table).contains("(2 files/s)"), "{}", text(&table));
        let before = text(&table);
        for _ in 0..2 {
            table.failed(&Failure::usage("http://127.0.0.1:1 does not answer: \u{1b}[2J refused"));
            let silent = text(&table);
            assert!(silent.starts_with("! http://127.0.0.1:1 does not answer"), "{silent}");
            assert!(silent.ends_with(&before) && !silent.contains('\u{1b}'), "{silent}");
            assert_eq!(silent.lines().count(), before.lines().count() + 1, "{silent}");
        }
        // What came to be in a long silence is not the work of a second.
        table.answered(&answers(500));
        assert!(text(&table).contains("(0 files/s)"), "{}", text(&table));
        assert!(!text(&table).contains("does not answer"), "{}", text(&table));
    }

    #[test]
    fn what_is_in_work_is_named_with_how_far_it_has_come() {
        let mut answers = Answers::default();
        let told = |answers: &Answers| {
            let (lines, _) = view(answers, None);
            lines.iter().map(|line| format!("{line}\n")).collect::<String>()
        };
        assert!(!told(&answers).contains("in work"), "{}", told(&answers));
        let sentence = json!({ "ko": "40쪽 가운데 3쪽 인식함", "en": "3 of 40 pages recognised" });
        answers.queues = json!({ "running": [
            { "job": 7, "queue": "press", "attempt": 1, "path": "a\u{1b}.pdf", "progress": { "sentence": sentence } },
            { "job": 8, "queue": "press", "attempt": 2, "path": "b.hwp", "progress": null },
        ] });
        let told = told(&answers);
        assert!(told.contains("a␛.pdf  3 of 40 pages recognised"), "{told}");
        assert!(told.contains("8  press         2  b.hwp"), "{told}");
    }

    #[test]
    fn what_is_not_taken_and_what_was_passed_over_stands_beside_the_queues() {
        let mut answers = Answers::default();
        let told = |answers: &Answers| {
            let (lines, _) = view(answers, None);
            lines.iter().map(|line| format!("{line}\n")).collect::<String>()
        };
        assert!(!told(&answers).contains("madang queue"), "{}", told(&answers));
        answers.balance = json!({ "left_out": 4 });
        answers.queues = json!({ "noted": 2, "shortfall": { "left_alone": 3, "doubtful": 0 } });
        let told = told(&answers);
        assert!(told.contains("left out 4 (madang queue left-out)"), "{told}");
        assert!(told.contains("passed over 2 (madang queue noted)"), "{told}");
        assert!(told.contains("left alone 3 (madang search '' --reason left_alone)"), "{told}");
        assert!(!told.contains("badly"), "{told}");
    }
}
