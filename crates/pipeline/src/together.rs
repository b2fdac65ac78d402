use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Questions of many that are asked at once: whoever comes while others are being answered is asked for together with
/// all who came meanwhile. What is claimed together comes here at about the same moment, and a question to the ledger
/// costs more by being one than by what is in it.
#[derive(Debug)]
pub(crate) struct Together<Q, A> {
    waiting: Mutex<Vec<(Q, oneshot::Sender<A>)>>,
    asking: tokio::sync::Mutex<()>,
}

impl<Q, A> Default for Together<Q, A> {
    fn default() -> Together<Q, A> {
        Together { waiting: Mutex::default(), asking: tokio::sync::Mutex::default() }
    }
}

impl<Q: Clone, A> Together<Q, A> {
    /// The answer to this question, by an asking that began after this call. `ask` gives as many answers as it is given
    /// questions, in their order; it is not called where another's asking answers.
    ///
    /// # Errors
    /// Those of `ask`. Who was asked for by another that failed, or went away, asks anew.
    pub(crate) async fn ask<E, F>(&self, question: Q, ask: impl Fn(Vec<Q>) -> F) -> Result<A, E>
    where
        F: Future<Output = Result<Vec<A>, E>>,
    {
        loop {
            let (answer, mut answered) = oneshot::channel();
            self.waiting().push((question.clone(), answer));
            // Those that were begun together with this one have their turn first.
            tokio::task::yield_now().await;
            tokio::select! {
                biased;
                answer = &mut answered => match answer {
                    Ok(answer) => return Ok(answer),
                    Err(_) => continue,
                },
                _turn = self.asking.lock() => {
                    if let Ok(answer) = answered.try_recv() {
                        return Ok(answer);
                    }
                    let (questions, askers): (Vec<Q>, Vec<_>) =
                        std::mem::take(&mut *self.waiting()).into_iter().unzip();
                    for (answer, asker) in ask(questions).await?.into_iter().zip(askers) {
                        // Nobody waits for it any more: it was called off.
                        let _ = asker.send(answer);
                    }
                    if let Ok(answer) = answered.try_recv() {
                        return Ok(answer);
                    }
                }
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<(Q, oneshot::Sender<A>)>> {
        // A list whose holder panicked holds what it held.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use futures::FutureExt;
    use futures::future::join_all;
    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn who_comes_while_others_are_answered_is_asked_for_at_once() {
        let (together, answers, asked) =
            (Together::<u32, u32>::default(), Semaphore::new(0), RefCell::new(Vec::new()));
        let one = |question: u32| {
            together.ask(question, async |questions: Vec<u32>| {
                asked.borrow_mut().push(questions.clone());
                answers.acquire().await.unwrap().forget();
                Ok::<_, ()>(questions.into_iter().map(|question| question * 2).collect())
            })
        };
        let mut first = Box::pin(one(1));
        while asked.borrow().is_empty() {
            assert!(first.as_mut().now_or_never().is_none(), "it is not answered");
        }
        let mut others = Box::pin(join_all((2..100).map(one)));
        while together.waiting().len() < 98 {
            assert!(others.as_mut().now_or_never().is_none());
        }
        answers.add_permits(2);
        let (first, others) = futures::join!(first, others);
        assert_eq!(first, Ok(2));
        assert_eq!(others, (2..100).map(|question| Ok(question * 2)).collect::<Vec<_>>());
        assert_eq!(*asked.borrow(), [vec![1], (2..100).collect()]);
    }

    #[tokio::test]
    async fn who_was_asked_for_in_vain_asks_anew() {
        let together = Together::<u32, u32>::default();
        let failures = Semaphore::new(1);
        let asked = RefCell::new(0);
        let one = |question: u32| {
            together.ask(question, async |questions| {
                *asked.borrow_mut() += 1;
                if let Ok(failure) = failures.try_acquire() {
                    failure.forget();
                    return Err("away");
                }
                Ok(questions)
            })
        };
        let answers = join_all((0..10).map(one)).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 1);
        for (question, answer) in (0..10).zip(answers) {
            assert!(answer.is_err() || answer == Ok(question));
        }
        assert_eq!(*asked.borrow(), 2);

        // Called off while it is asked for others, too.
        let never = together.ask(1, async |_| {
            futures::future::pending::<()>().await;
            Ok::<_, ()>(Vec::new())
        });
        let mut never = Box::pin(never);
        for _ in 0..3 {
            assert!(never.as_mut().now_or_never().is_none());
        }
        let mut other = Box::pin(one(7));
        assert!(other.as_mut().now_or_never().is_none());
        drop(never);
        assert_eq!(other.await, Ok(7));
    }
}
