/// Things that come one after the other, of which so many at the most are held, spread over all that came: each second one is let
/// go where they are too many, and from then on each second one is not taken.
#[derive(Debug)]
pub(crate) struct Thinned<T> {
    held: Vec<T>,
    most: usize,
    came: usize,
    /// One of so many is taken.
    one_of: usize,
}

impl<T> Thinned<T> {
    /// None so far, and never more than `most`, which is at least 1.
    pub(crate) fn new(most: usize) -> Thinned<T> {
        Thinned { held: Vec::new(), most: most.max(1), came: 0, one_of: 1 }
    }

    /// Whether nothing came.
    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Counts one that came, and whether it is to be taken: then it is made and [pushed](Self::push).
    pub(crate) fn takes_next(&mut self) -> bool {
        let takes = self.came.is_multiple_of(self.one_of);
        self.came += 1;
        takes
    }

    /// Holds one.
    pub(crate) fn push(&mut self, one: T) {
        self.held.push(one);
        if self.held.len() > self.most {
            let mut n = 0;
            self.held.retain(|_| {
                n += 1;
                n % 2 == 1
            });
            self.one_of = self.one_of.saturating_mul(2);
        }
    }

    /// Those that are held, in their order.
    pub(crate) fn into_held(self) -> Vec<T> {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(all: usize, most: usize) -> Vec<usize> {
        let mut thinned = Thinned::new(most);
        for n in 0..all {
            if thinned.takes_next() {
                thinned.push(n);
                assert!(thinned.held.len() <= most);
            }
        }
        thinned.into_held()
    }

    #[test]
    fn what_is_held_is_spread_over_all_that_came() {
        assert_eq!(of(4, 4), [0, 1, 2, 3]);
        assert_eq!(of(5, 4), [0, 2, 4]);
        assert_eq!(of(20, 4), [0, 8, 16]);
        assert!(Thinned::<u8>::new(4).is_empty());
        for all in 1..500 {
            let held = of(all, 64);
            let gap = held.get(1).copied().unwrap_or(1);
            assert!(held.windows(2).all(|pair| pair[1] - pair[0] == gap), "{all}: {held:?}");
            assert!(held.len() >= all.min(32) && all - held[held.len() - 1] <= gap, "{all}");
        }
    }
}
