use futures::future::BoxFuture;
use madang_ledger::error::LedgerError;

/// Takes a batch in one step, which costs one flush to disk or one way over the network, whatever it holds. Where it is
/// refused because of some of it, the others must not suffer for that: then each is taken alone, and those that are
/// refused alone are passed over: `pass_over` does what is to be done about one, with `by`.
///
/// `refusal` tells what an error is: [`Ok`] if the same would be refused again and others would not, with what is to be
/// said about it; [`Err`] if nothing can be taken now, which ends the whole at once. A batch of one that is refused is
/// not tried twice.
///
/// # Errors
/// What `refusal` or `pass_over` say.
pub(crate) async fn take<'a, T, Answer, Step, E, Refusal, F, By>(
    batch: &'a [T],
    step: impl Fn(&'a [T]) -> Step,
    refusal: impl Fn(E) -> Result<Refusal, F>,
    by: &mut By,
    pass_over: impl for<'b> Fn(&'b mut By, &'b T, Refusal) -> BoxFuture<'b, Result<(), F>>,
) -> Result<Taken<Answer>, F>
where
    Step: Future<Output = Result<Answer, E>>,
{
    let refused = match step(batch).await {
        Ok(answer) => return Ok(Taken::Together(answer)),
        Err(error) => refusal(error)?,
    };
    let mut answers = Vec::new();
    if let [only] = batch {
        pass_over(by, only, refused).await?;
        return Ok(Taken::OneByOne(answers));
    }
    for one in batch {
        match step(std::slice::from_ref(one)).await {
            Ok(answer) => answers.push(answer),
            Err(error) => pass_over(by, one, refusal(error)?).await?,
        }
    }
    Ok(Taken::OneByOne(answers))
}

/// How a batch was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Taken<Answer> {
    /// In one step.
    Together(Answer),
    /// Each alone, but for those that were passed over.
    OneByOne(Vec<Answer>),
}

impl<Answer> Taken<Answer> {
    /// The answers, in the order of the batch.
    pub(crate) fn answers(self) -> Vec<Answer> {
        match self {
            Taken::Together(answer) => vec![answer],
            Taken::OneByOne(answers) => answers,
        }
    }
}

/// The refusals of the ledger: whatever is of the act, see [`LedgerError::is_of_the_act`].
///
/// # Errors
/// Any other error.
pub(crate) fn of_the_act(error: LedgerError) -> Result<LedgerError, LedgerError> {
    if error.is_of_the_act() { Ok(error) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Fault {
        Refused(u32),
        Away,
    }

    /// What a batch comes to whose step refuses some numbers and cannot be reached from the `away`-th call on: the
    /// calls, what was passed over, and the result.
    async fn taken(
        batch: &[u32],
        refuses: &[u32],
        away: usize,
    ) -> (Vec<Vec<u32>>, Vec<(u32, u32)>, Result<Taken<u32>, Fault>) {
        let calls = Mutex::new(Vec::new());
        let step = async |part: &[u32]| {
            let mut calls = calls.lock().unwrap();
            calls.push(part.to_vec());
            if calls.len() > away {
                return Err(Fault::Away);
            }
            match part.iter().find(|number| refuses.contains(number)) {
                Some(number) => Err(Fault::Refused(*number)),
                None => Ok(part.iter().sum::<u32>()),
            }
        };
        let refusal = |fault| match fault {
            Fault::Refused(number) => Ok(number),
            Fault::Away => Err(fault),
        };
        let mut passed = Vec::new();
        let result = take(batch, step, refusal, &mut passed, |passed, one, why| {
            passed.push((*one, why));
            Box::pin(std::future::ready(Ok(())))
        })
        .await;
        (calls.into_inner().unwrap(), passed, result)
    }

    #[tokio::test]
    async fn a_batch_is_taken_together_and_one_by_one_only_if_it_is_refused() {
        use Taken::{OneByOne, Together};
        const NEVER: usize = usize::MAX;
        type Case<'a> =
            (&'a [u32], &'a [u32], usize, &'a [&'a [u32]], &'a [u32], Result<Taken<u32>, Fault>);
        // The batch, what is refused, from which call on nothing can be reached; the calls, what is passed over, the
        // result.
        let cases: [Case<'_>; 9] = [
            (&[1, 2, 3], &[], NEVER, &[&[1, 2, 3]], &[], Ok(Together(6))),
            (
                &[1, 2, 3],
                &[2],
                NEVER,
                &[&[1, 2, 3], &[1], &[2], &[3]],
                &[2],
                Ok(OneByOne(vec![1, 3])),
            ),
            (&[1, 2], &[1, 2], NEVER, &[&[1, 2], &[1], &[2]], &[1, 2], Ok(OneByOne(vec![]))),
            // The same again would be refused again.
            (&[7], &[7], NEVER, &[&[7]], &[7], Ok(OneByOne(vec![]))),
            (&[7], &[], NEVER, &[&[7]], &[], Ok(Together(7))),
            (&[], &[], NEVER, &[&[]], &[], Ok(Together(0))),
            // What cannot be reached is no refusal, and nothing else is tried.
            (&[1, 2], &[2], 0, &[&[1, 2]], &[], Err(Fault::Away)),
            (&[1, 2, 3], &[1], 2, &[&[1, 2, 3], &[1], &[2]], &[1], Err(Fault::Away)),
            (&[1, 2, 3], &[3], 1, &[&[1, 2, 3], &[1]], &[], Err(Fault::Away)),
        ];
        for (batch, refuses, away, calls, passed, result) in cases {
            let passed: Vec<_> = passed.iter().map(|one| (*one, *one)).collect();
            let calls: Vec<_> = calls.iter().map(|part| part.to_vec()).collect();
            let found = taken(batch, refuses, away).await;
            assert_eq!(found, (calls, passed, result), "{batch:?} {refuses:?} {away}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_passed_over_ends_it() {
        let step = async |part: &[u32]| if part.contains(&1) { Err("refused") } else { Ok(()) };
        let result: Result<Taken<()>, String> = take(&[1, 2], step, Ok, &mut (), |(), _, why| {
            Box::pin(std::future::ready(Err(format!("{why}, and not noted"))))
        })
        .await;
        assert_eq!(result, Err("refused, and not noted".to_owned()));
    }
}
