use std::sync::Arc;

use madang_document::content::Segment;
use madang_document::locator::Locator;

use crate::pages::frames::moment_at;
use crate::pages::hits::{Hits, segment_at};
use crate::parameters::Parameters;
use crate::problem::Problem;

/// The text of a document and what of it is shown.
pub(crate) struct Opened {
    pub(crate) text: Arc<[Segment]>,
    pub(crate) hits: Hits,
    /// The segment that is to be seen; none where nobody asked for one.
    pub(crate) place: Option<usize>,
    /// The page that was asked for.
    asked: Option<u32>,
    /// The moment that was asked for, in milliseconds, where nothing is said or written.
    pub(crate) moment: Option<u64>,
}

impl Opened {
    /// What is asked for: the place of a number, the first at or behind a place, or one in a part.
    pub(crate) async fn of(text: Vec<Segment>, parameters: &Parameters) -> Result<Opened, Problem> {
        let text: Arc<[Segment]> = in_time(text).into();
        let mut hits = match parameters.one("q")? {
            None => Hits::default(),
            Some(query) => {
                let (text, query) = (Arc::clone(&text), query.to_owned());
                // Of a long text that takes a while.
                let found = tokio::task::spawn_blocking(move || Hits::find(&text, &query)).await;
                found.map_err(|error| Problem::internal(&error))?
            }
        };
        let asked = match parameters.one("page")? {
            None => None,
            Some(_) => u32::try_from(parameters.number("page", 1, 1..=u32::MAX.into())?).ok(),
        };
        let wanted = parameters.one("at")?;
        let at = wanted.and_then(|at| segment_at(&text, at));
        let moment = wanted.filter(|_| at.is_none()).and_then(moment_at);
        let of_page = asked.and_then(|number| segment_at(&text, &format!("page={number}")));
        let at = at.or(of_page);
        let part = match parameters.one("part")? {
            None => None,
            Some(_) => Some(parameters.number("part", 0, 0..=u32::MAX.into())? as usize),
        };
        let number = parameters.number("hit", 0, 0..=u32::MAX.into())? as usize;
        match number {
            0 => hits.go_near(at.or(part).unwrap_or(0)),
            number => hits.go_to(number),
        }
        // Who turns the leaves sees the leaf, wherever the next place is.
        let is_led = part.is_none() && asked.is_none();
        let of_hit = hits.segment().filter(|_| is_led || number > 0);
        let segment = match number {
            0 => at.or(of_hit).or(part),
            _ => of_hit,
        };
        Ok(Opened {
            text,
            hits,
            place: segment,
            asked: asked.filter(|_| number == 0),
            moment: moment.filter(|_| number == 0),
        })
    }

    /// The segment that is to be seen, the first where nobody asked for one.
    pub(crate) fn segment(&self) -> usize {
        self.place.unwrap_or(0)
    }

    /// The page that is to be seen.
    pub(crate) fn page(&self) -> u32 {
        let of_segment = self.text.get(self.segment()).and_then(|segment| match segment.locator {
            Locator::Page { number, .. } => Some(number),
            _ => None,
        });
        self.asked.or(of_segment).unwrap_or(1)
    }
}

/// What has times in their order, behind what has none: what is said, seen and listed of a film comes from several readers.
fn in_time(mut text: Vec<Segment>) -> Vec<Segment> {
    text.sort_by_key(|segment| match segment.locator {
        Locator::Time { start_ms, .. } => Some(start_ms),
        _ => None,
    });
    text
}
