use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use madang_document::agency::Agency;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// How many children run at once for people who ask, and how many of these for one agency: whoever asks for many, or for what
/// is slow, waits for his own.
#[derive(Clone, Debug)]
pub(crate) struct Seats {
    all: Arc<Semaphore>,
    shares: Arc<Mutex<BTreeMap<Agency, Arc<Semaphore>>>>,
    of_one: usize,
}

/// A seat that is taken, until this is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    _share: OwnedSemaphorePermit,
    _seat: OwnedSemaphorePermit,
}

impl Seats {
    /// So many, and so many of them for one agency.
    pub(crate) fn new(all: usize, of_one: usize) -> Seats {
        Seats { all: Arc::new(Semaphore::new(all)), shares: Arc::default(), of_one }
    }

    /// The next seat for an agency. Who waits for one of its own stands in nobody else's way.
    ///
    /// # Errors
    /// When they are closed.
    pub(crate) async fn take(&self, agency: &Agency) -> Result<Seat, AcquireError> {
        let share = self.share(agency).acquire_owned().await?;
        let seat = Arc::clone(&self.all).acquire_owned().await?;
        Ok(Seat { _share: share, _seat: seat })
    }

    fn share(&self, agency: &Agency) -> Arc<Semaphore> {
        // A list whose holder panicked holds what it held.
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let share = shares.entry(agency.clone());
        Arc::clone(share.or_insert_with(|| Arc::new(Semaphore::new(self.of_one))))
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn one_agency_leaves_seats_to_the_others() {
        let [ours, theirs]: [Agency; 2] = ["1741000", "5360000"].map(|code| code.parse().unwrap());
        let seats = Seats::new(3, 2);
        let taken = (seats.take(&ours).await.unwrap(), seats.take(&ours).await.unwrap());
        let mut third = Box::pin(seats.take(&ours));
        assert!(third.as_mut().now_or_never().is_none(), "it has its share");
        let other = seats.take(&theirs).now_or_never().expect("there is a seat").unwrap();
        assert!(seats.take(&theirs).now_or_never().is_none(), "there is none for anybody");
        drop(taken.0);
        let third = third.now_or_never().expect("its turn has come").unwrap();
        drop((taken.1, other, third));
    }
}
