use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use madang_document::agency::Agency;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// How many children run at once for people who ask, and how many of these for one agency: whoever asks for many, or for what
/// is slow, waits for his own. A line that moves is waited in, however long it is: a page asks for all of its pictures at once.
#[derive(Clone, Debug)]
pub(crate) struct Seats {
    all: Turns,
    shares: Arc<Mutex<BTreeMap<Agency, Turns>>>,
    of_one: usize,
    patience: Duration,
}

/// A seat that is taken, until this is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    // In this order: who takes the share finds the seat free.
    _seat: Place,
    _share: Place,
}

/// Nobody got a seat for so long that there is no telling when the next will.
#[derive(Debug)]
pub(crate) struct Standstill;

impl Seats {
    /// So many, and so many of them for one agency; `patience` is how long somebody waits while nobody in his line gets one.
    pub(crate) fn new(all: usize, of_one: usize, patience: Duration) -> Seats {
        Seats { all: Turns::new(all), shares: Arc::default(), of_one, patience }
    }

    /// The next seat for an agency. Who waits for one of its own stands in nobody else's way.
    ///
    /// # Errors
    /// [`Standstill`].
    pub(crate) async fn take(&self, agency: &Agency) -> Result<Seat, Standstill> {
        let share = self.share(agency).take(self.patience).await?;
        let seat = self.all.take(self.patience).await?;
        Ok(Seat { _share: share, _seat: seat })
    }

    fn share(&self, agency: &Agency) -> Turns {
        // A list whose holder panicked holds what it held.
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        shares.entry(agency.clone()).or_insert_with(|| Turns::new(self.of_one)).clone()
    }
}

/// Those who wait for one of some places, in the order in which they came.
#[derive(Clone, Debug)]
struct Turns {
    free: Arc<Semaphore>,
    /// Told when somebody gives his place back.
    moves: Arc<watch::Sender<()>>,
}

/// A place that is taken, until this is dropped.
#[derive(Debug)]
struct Place {
    permit: Option<OwnedSemaphorePermit>,
    moves: Arc<watch::Sender<()>>,
}

impl Turns {
    fn new(places: usize) -> Turns {
        let (moves, _) = watch::channel(());
        Turns { free: Arc::new(Semaphore::new(places)), moves: Arc::new(moves) }
    }

    async fn take(&self, patience: Duration) -> Result<Place, Standstill> {
        let mut moves = self.moves.subscribe();
        let mut turn = pin!(Arc::clone(&self.free).acquire_owned());
        loop {
            tokio::select! {
                biased;
                permit = turn.as_mut() => {
                    let permit = permit.map_err(|_| Standstill)?;
                    return Ok(Place { permit: Some(permit), moves: Arc::clone(&self.moves) });
                }
                moved = tokio::time::timeout(patience, moves.changed()) => {
                    if !matches!(moved, Ok(Ok(()))) {
                        return Err(Standstill);
                    }
                }
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(self.permit.take());
        self.moves.send_replace(());
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use futures::future::join_all;

    use super::*;

    fn agencies() -> [Agency; 2] {
        ["1741000", "5360000"].map(|code| code.parse().unwrap())
    }

    #[tokio::test]
    async fn one_agency_leaves_seats_to_the_others() {
        let [ours, theirs] = agencies();
        let seats = Seats::new(3, 2, Duration::from_secs(10));
        let taken = (seats.take(&ours).await.unwrap(), seats.take(&ours).await.unwrap());
        let mut third = Box::pin(seats.take(&ours));
        assert!(third.as_mut().now_or_never().is_none(), "it has its share");
        let other = seats.take(&theirs).now_or_never().expect("there is a seat").unwrap();
        assert!(seats.take(&theirs).now_or_never().is_none(), "there is none for anybody");
        drop(taken.0);
        let third = third.now_or_never().expect("its turn has come").unwrap();
        drop((taken.1, other, third));
    }

    /// Patience is for a line that stands, and not for one that is long.
    #[tokio::test]
    async fn who_waits_in_a_line_that_moves_is_not_sent_away() {
        let [ours, theirs] = agencies();
        let seats = Seats::new(4, 2, Duration::from_millis(400));
        let each = async || {
            let seat = seats.take(&ours).await?;
            tokio::time::sleep(Duration::from_millis(50)).await;
            drop(seat);
            Ok::<_, Standstill>(())
        };
        let served = join_all((0..40).map(|_| each())).await;
        assert!(served.iter().all(Result::is_ok), "twenty turns of 50 ms");

        let held = (seats.take(&ours).await.unwrap(), seats.take(&ours).await.unwrap());
        assert!(seats.take(&ours).await.is_err(), "nobody moves");
        // That others move helps nobody who waits for his own.
        let (moving, waiting) = futures::join!(
            async {
                for _ in 0..20 {
                    drop(seats.take(&theirs).await.unwrap());
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            tokio::time::timeout(Duration::from_millis(800), seats.take(&ours)),
        );
        assert!(matches!(waiting, Ok(Err(Standstill))), "{waiting:?} {moving:?}");
        drop(held);
        assert!(seats.take(&ours).await.is_ok());
    }
}
