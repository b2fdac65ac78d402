use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use madang_document::condition::{Kind, Subject};
use madang_document::timestamp::Timestamp;
use madang_ledger::jobs::Jobs;
use madang_ledger::ledger::Ledger;
use madang_ledger::reader::{Reader, Readers};
use madang_ledger::sqlite::{Durability, SqliteLedger};
use madang_pipeline::board::Board;
use madang_pipeline::follow::{Follower, Gathering, Obstacle, Progress, Way, follow};
use madang_pipeline::heads::Heads;
use madang_pipeline::reader_leases::ReaderLeases;
use madang_wait::{in_time, until};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::house::{House, LEASE, count, now, process};

/// Follows the outbox, and tells when it begins and how often it steps.
#[derive(Clone, Default)]
struct Counting {
    begun: Arc<AtomicU32>,
    steps: Arc<AtomicU32>,
    /// Steps that panic, from the first on.
    panics: u32,
    /// Looks at how far the outbox goes that panic, from the first on: between the steps.
    looks: Arc<AtomicU32>,
}

#[async_trait]
impl Follower for Counting {
    fn reader(&self) -> Reader {
        Reader::Cataloguer
    }

    fn begin(&mut self) {
        self.begun.fetch_add(1, Ordering::SeqCst);
    }

    fn subject(&self) -> Subject {
        Subject::part("counting")
    }

    fn behind(&self) -> Kind {
        Kind::CatalogueBehind
    }

    fn head(&self, heads: &Heads) -> u64 {
        let left =
            self.looks.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        assert!(left.is_err(), "a look breaks off");
        heads.documents
    }

    fn gathering(&self) -> Gathering {
        Gathering { quiet: Duration::ZERO, longest: Duration::ZERO, enough: 1 }
    }

    async fn step(&mut self, head: u64) -> Result<Progress, Obstacle> {
        let step = self.steps.fetch_add(1, Ordering::SeqCst);
        assert!(step >= self.panics, "step {step} breaks off");
        Ok(Progress::Done(head))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_one_follows_and_the_other_takes_over() {
    let root = tempfile::tempdir().unwrap();
    let time = Arc::new(AtomicI64::new(1));
    let clock = Arc::clone(&time);
    let clock = Arc::new(move || Timestamp(clock.load(Ordering::SeqCst)));
    let file = root.path().join("ledger.db");
    let ledger = SqliteLedger::open_with(&file, clock, Durability::Process).await.unwrap();
    let mut house = House::new().await;
    house.ledger = Arc::new(ledger);
    let board = |n| (Board::new(Arc::new(now)), Counting::default(), n);
    let subject = Subject::part("counting");
    let begin = |(board, follower, n): &(Board, Counting, u128)| {
        let stop = CancellationToken::new();
        let (way, renewing) = house.way_of(process(*n), board.clone(), stop.clone());
        (tokio::spawn(follow(follower.clone(), way)), stop, renewing)
    };

    // One steps, the other says that it stands by. The ledger's clock stands: no lease ends by itself.
    let (first, second) = (board(1), board(2));
    let (one, one_stop, one_renewing) = begin(&first);
    until("the first steps", async || count(&first.1.steps) > 0).await;
    let (two, two_stop, _) = begin(&second);
    until("the second stands by", async || second.0.stands(Kind::Elsewhere, &subject)).await;
    let before = count(&first.1.steps);
    until("the first goes on, its lease renewed", async || count(&first.1.steps) > before + 1)
        .await;
    assert_eq!((count(&first.1.begun), count(&second.1.steps)), (1, 0));

    // It dies without a word. Its lease has to end first.
    one.abort();
    one_stop.cancel();
    // A renewal that is on its way would read the clock as it is set below.
    one_renewing.await.unwrap();
    time.fetch_add(i64::try_from(LEASE.as_millis()).unwrap(), Ordering::SeqCst);
    until("the second takes over", async || count(&second.1.steps) > 0).await;
    assert!(!second.0.stands(Kind::Elsewhere, &subject));

    // Stopped as it should be, it gives the lease back: the next one begins though the clock stands.
    two_stop.cancel();
    two.await.unwrap();
    let third = board(3);
    let (three, three_stop, three_renewing) = begin(&third);
    until("the third begins", async || count(&third.1.steps) > 0).await;

    // Killed, and started again on the same node: whoever holds the lock of the data folder gives the leases back.
    three.abort();
    three_stop.cancel();
    three_renewing.await.unwrap();
    house.ledger.release(Uuid::nil()).await.unwrap();
    let fourth = board(4);
    let (_, four_stop, _) = begin(&fourth);
    until("the fourth begins", async || count(&fourth.1.steps) > 0).await;
    four_stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_that_lost_its_lease_stops_and_asks_where_it_is_when_it_has_it_again() {
    let house = House::new().await;
    let follower = Counting::default();
    let (board, stop) = (house.board.clone(), house.stop.clone());
    // None ends by itself or is asked about while this lasts, but when one more is wanted.
    let ledger = Arc::clone(&house.ledger) as Arc<dyn Ledger>;
    let leases = ReaderLeases::new(ledger, process(1), Duration::from_secs(86_400));
    tokio::spawn(leases.clone().run(stop.clone()));
    let ask = |one_more: &str| drop(leases.want(Reader::Registry(one_more.to_owned())));
    let (way, _) = house.way_of(process(1), board.clone(), stop.clone());
    tokio::spawn(follow(follower.clone(), Way { leases: leases.clone(), ..way }));
    let subject = Subject::part("counting");
    until("it steps", async || count(&follower.steps) > 0).await;
    // The node is thought dead (a clock that was set): another process takes the reader.
    let other = process(2);
    let day = Duration::from_secs(86_400);
    until("the other has it", async || {
        // Between the two the first one may be quicker.
        house.ledger.release(Uuid::nil()).await.unwrap();
        house.ledger.hold(&[Reader::Cataloguer], &other, day).await.unwrap().len() == 1
    })
    .await;
    ask("one");
    until("it stands by", async || board.stands(Kind::Elsewhere, &subject)).await;
    let steps = count(&follower.steps);
    house.changed.notify_waiters();
    house.drop(0, 0..1).await;
    assert_eq!(count(&follower.steps), steps, "it does not step");
    house.ledger.let_go(&Reader::Cataloguer, &other).await.unwrap();
    ask("two");
    until("it goes on", async || count(&follower.steps) > steps).await;
    assert_eq!(count(&follower.begun), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_panics_is_told_and_taken_again() {
    let house = House::new().await;
    let follower = Counting { panics: 2, ..Counting::default() };
    tokio::spawn(follow(follower.clone(), house.way()));
    let subject = Subject::part("counting");
    until("the panic is told", async || house.board.stands(Kind::Panicked, &subject)).await;
    until("it goes on", async || count(&follower.steps) > 2).await;
    until("all is well", async || house.board.now().is_empty()).await;
    assert_eq!(count(&follower.begun), 3, "it asks where it is after each");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_that_panics_between_its_steps_goes_on() {
    let house = House::new().await;
    let follower = Counting { looks: Arc::new(AtomicU32::new(1)), ..Counting::default() };
    tokio::spawn(follow(follower.clone(), house.way()));
    let subject = Subject::part("counting");
    until("the panic is told", async || house.board.stands(Kind::Panicked, &subject)).await;
    until("it goes on", async || count(&follower.steps) > 0).await;
    until("all is well", async || house.board.now().is_empty()).await;
}

/// Takes one row with each step; meets an obstacle where it is told to.
struct Hindered {
    at: u64,
    obstacles: u32,
}

#[async_trait]
impl Follower for Hindered {
    fn reader(&self) -> Reader {
        Reader::Cataloguer
    }

    fn begin(&mut self) {}

    fn subject(&self) -> Subject {
        Subject::part("hindered")
    }

    fn behind(&self) -> Kind {
        Kind::CatalogueBehind
    }

    fn head(&self, heads: &Heads) -> u64 {
        heads.documents
    }

    fn gathering(&self) -> Gathering {
        Gathering { quiet: Duration::ZERO, longest: Duration::ZERO, enough: 1 }
    }

    async fn step(&mut self, _head: u64) -> Result<Progress, Obstacle> {
        if self.obstacles > 0 {
            self.obstacles -= 1;
            return Err(Obstacle::Unreachable("not now".into()));
        }
        if self.at < 3 {
            self.at += 1;
            return Ok(Progress::More);
        }
        Ok(Progress::Done(self.at))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_goes_on_after_an_obstacle_and_the_board_says_so_meanwhile() {
    let house = House::new().await;
    let woken = house.moved.notified();
    tokio::spawn(follow(Hindered { at: 0, obstacles: 1 }, house.way()));
    let subject = Subject::part("hindered");
    until("it is told", async || house.board.stands(Kind::CatalogueBehind, &subject)).await;
    in_time("whoever waits for it hears that it moved", woken).await;
    assert!(house.board.now().is_empty());
}
